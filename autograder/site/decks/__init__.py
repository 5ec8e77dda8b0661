"""A deck of slides for each unit, made from its lesson: no answer stands in it.

``slides`` writes what Sphinx reads. ``conf`` configures it. sphinx-revealjs makes the decks, and ``static``
has their looks.
"""
