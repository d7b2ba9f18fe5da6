"""Named identities: local derivatives (`calculus`) and tidying (`algebra`)."""
