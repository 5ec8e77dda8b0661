"""A deck of slides for each unit, made from its lesson. No answer stands in it.

| module     | does                                                                          |
|------------|-------------------------------------------------------------------------------|
| ``slides`` | writes a unit's slides as Markdown                                            |
| ``conf``   | configures Sphinx, with sphinx-revealjs; the folder ``static`` has the looks  |
| ``making`` | makes the decks of some units                                                 |
"""
