"""The wild datasets: small sets, each in a layout that something real has, with what should be made of it.

The layouts are those of public datasets of the hub, of the formats that model vendors and training programs document,
and of exports of programs people use; the texts are invented. They were written down without a look at the detector,
so that the share it gets right says something about files nobody has tried yet. Where two readings are equally good,
the table accepts both: any of several methods, or any of several first rows. To add one, put it into the table of its
family (`chats`, `instructions`, `questions`, `preferences`, `corpora`, `files`, `refused`; `second` to `seventh` are
tables by other hands) with `wild(...)`, and don't look at the detector while deciding what is right.

Owns the list of all of them. Must not know how the workbench reads any.
"""

from __future__ import annotations

from tests.data.wild.chats import CHATS
from tests.data.wild.corpora import CORPORA
from tests.data.wild.fifth import FIFTH
from tests.data.wild.files import FILES
from tests.data.wild.fourth import FOURTH
from tests.data.wild.instructions import INSTRUCTION_SETS
from tests.data.wild.preferences import PREFERENCES
from tests.data.wild.questions import QUESTION_SETS
from tests.data.wild.refused import REFUSALS
from tests.data.wild.second import SECOND
from tests.data.wild.seventh import SEVENTH
from tests.data.wild.sixth import SIXTH
from tests.data.wild.table import Wild
from tests.data.wild.third import THIRD

DATASETS: list[Wild] = [
    *CHATS,
    *INSTRUCTION_SETS,
    *QUESTION_SETS,
    *PREFERENCES,
    *CORPORA,
    *FILES,
    *REFUSALS,
    *SECOND,
    *THIRD,
    *FOURTH,
    *FIFTH,
    *SIXTH,
    *SEVENTH,
]
