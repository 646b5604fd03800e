"""What the user wants and what Azure has: pure frozen data, no I/O."""
