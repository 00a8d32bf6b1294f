"""What social workers see: signals of households by date, one file with a purpose, exceptions."""
