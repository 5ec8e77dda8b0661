"""What all pages share: their templates, formulas as MathML, and untrusted HTML made harmless."""
