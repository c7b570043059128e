"""What every production is made of: a BagIt bag with its pages, tables and originals, signed, zipped."""
