"""The law for many households at once: columns of persons, folded to households per month."""
