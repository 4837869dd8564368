"""`python -m isthmus.lab`: the same as `isthmus lab`."""

from isthmus.lab.cli import lab

lab(prog_name="isthmus lab")
