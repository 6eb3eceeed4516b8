import typing

from .api import draw as draw
from .api import load_model as load_model
from .api import measure_aggregates as measure_aggregates
from .api import measure_particles as measure_particles
from .api import open_dataset as open_dataset
from .api import read_micrograph as read_micrograph
from .api import size_distribution as size_distribution
from .errors import Cancelled as Cancelled
from .errors import UserError as UserError
from .measurement.rules import Rules as Rules
from .measurement.tracking.params import TrackParams as TrackParams
from .micrograph import Micrograph as Micrograph
from .recipes.any import read_recipe as read_recipe
from .recipes.synthesize import SynthesizeParams as SynthesizeParams
from .sample import Sample as Sample
from .step import Progress as Progress
from .step import run as run
from .store.project import Project as Project
from .workflows.adapt import AdaptParams as AdaptParams
from .workflows.adapt import adapt as adapt
from .workflows.classify import ClassifyParams as ClassifyParams
from .workflows.classify import classify as classify
from .workflows.convert import ConvertParams as ConvertParams
from .workflows.convert import convert as convert
from .workflows.estimate import EstimateParams as EstimateParams
from .workflows.estimate import estimate as estimate
from .workflows.evaluate import EvaluateParams as EvaluateParams
from .workflows.evaluate import evaluate as evaluate
from .workflows.find import FindParams as FindParams
from .workflows.find import find as find
from .workflows.learn import LearnParams as LearnParams
from .workflows.learn import learn as learn
from .workflows.measure import MeasureParams as MeasureParams
from .workflows.measure import measure as measure
from .workflows.predict import predict as predict
from .workflows.quality_ import QualityParams as QualityParams
from .workflows.quality_ import quality_ as quality_
from .workflows.rank import RankParams as RankParams
from .workflows.rank import rank as rank
from .workflows.repeat import repeat as repeat
from .workflows.shadow import ShadowParams as ShadowParams
from .workflows.shadow import shadow as shadow
from .workflows.sizes import SizesParams as SizesParams
from .workflows.sizes import sizes as sizes
from .workflows.synthesize import synthesize as synthesize
from .workflows.track import track as track
from .workflows.train import train as train

__version__: str

def __getattr__(name: str) -> typing.Any: ...  # verbs of other packages
