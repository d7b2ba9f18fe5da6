r"""Normal forms: a formula as a sum of weighted products over integer points."""
