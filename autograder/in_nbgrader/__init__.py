"""What runs within nbgrader: its autograde, feedback and formgrader, for units and for plain assignments."""
