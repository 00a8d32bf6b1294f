"""What if: supposed facts beside the known ones, derived and planned again. Nothing is stored."""
