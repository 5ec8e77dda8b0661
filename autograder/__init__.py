"""The autograder of the course on gradients: build, classroom, grade, audit."""
