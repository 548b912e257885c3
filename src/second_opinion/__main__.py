"""``python -m second_opinion`` is the command line."""

from second_opinion.cli import main

main(prog_name="second-opinion")
