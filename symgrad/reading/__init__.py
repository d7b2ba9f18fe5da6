"""Inside the maths reader: marks, rows, tokens and the meaning of the grammar's rules."""
