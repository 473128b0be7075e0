"""Called before Jupyter is imported: saves a second of every start.

``import nbformat`` compiles grammars for kinds of address that no Jupyter schema uses; without the package that does
it, ``jsonschema`` leaves those checks out.
"""

import sys


def start() -> None:
    """Do without the package."""
    sys.modules.setdefault("rfc3987_syntax", None)


start()
