"""What stands in the stack files until somebody writes their own."""

# No account has it.
ACCOUNT = "000000000000"
