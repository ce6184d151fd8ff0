"""`prunelab bets`: the locked predictions of a class as one picture, for the wall."""

from prunelab.base.files import path_to_write, write_atomically
from prunelab.grading.bets import class_bets

MOST = 12  # questions on one picture
WIDE, HIGH = 7.0, 3.4  # inches of each panel


def add_arguments(parser):
    """The options of `prunelab bets`."""
    parser.add_argument("folder", help="what the class handed in; folders in it are looked into")
    parser.add_argument("--output", default="bets.png", metavar="F", help="(default: bets.png)")
    parser.add_argument(
        "--question", metavar="WORDS", help="only questions with these words in them"
    )
    parser.add_argument("--no-answers", action="store_true", help="leave out what was measured")
    parser.epilog = f"No name is on it. The {MOST} questions with the most bets are drawn."


def command(args):
    """Draw the bets and write the picture; exit code 0."""
    path = path_to_write(args.output)
    bets, refused = class_bets(args.folder)
    for sentence in refused:
        print(sentence)
    wanted = (args.question or "").casefold()
    bets = [bet for bet in bets if wanted in bet.question.text.casefold()]
    if not bets:
        words = f" with {args.question!r} in it" if wanted else ""
        raise ValueError(f"folder={args.folder}: nobody has locked a prediction{words}")
    drawn = picture(bets[:MOST], answers=not args.no_answers)
    write_atomically(path, lambda file: file.write(drawn))
    locked = sum(len(bet.guesses) for bet in bets)
    more = f"; the {MOST} most asked of {len(bets)} questions" if len(bets) > MOST else ""
    print(f"{locked} bets on {len(bets)} questions: {path.name} is written{more}")
    return 0


def picture(bets, answers=True):
    """The bytes of a PNG with a panel for each of `bets`; answers: whether to show the truth."""
    from prunelab.figures.bets import draw_bets
    from prunelab.figures.canvas import new_figure, png_bytes

    columns = 1 if len(bets) == 1 else 2
    rows = -(-len(bets) // columns)
    figure = new_figure(WIDE * columns, HIGH * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, bet in zip(panels, bets, strict=False):
        draw_bets(panel, bet.question, bet.guesses, bet.truth if answers else None)
    for panel in panels[len(bets) :]:
        panel.set_axis_off()
    return png_bytes(figure)
