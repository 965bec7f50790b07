"""Parts that screens are made of; they are handed values and know no files, processes or journals."""
