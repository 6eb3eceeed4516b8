from .errors import Cancelled as Cancelled
from .errors import UserError as UserError
from .micrograph import Micrograph as Micrograph
from .sample import Sample as Sample
from .step import Progress as Progress
from .step import run as run
from .workflows.learn import learn as learn
from .workflows.measure import measure as measure
