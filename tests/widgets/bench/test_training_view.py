"""How a training is going: the plot of its losses, and the picture of what it finds."""

import numpy as np

from particleforge.jobs.previews import Previews
from particleforge.micrograph import Micrograph
from particleforge.sample import Sample
from particleforge.widgets.bench.find.loss import LossPlot, read_f1
from particleforge.widgets.bench.find.picture import OUTLINE, Picture, outlined


def test_losses_are_drawn_over_time(qtbot, tmp_path):
    plot, log = LossPlot(), tmp_path / "training.csv"
    qtbot.addWidget(plot)
    plot.show_log(log)
    assert plot.isHidden() and not plot.curves
    log.write_text("step,seconds,train_loss,held_out_loss,held_out_f1\n10,30,2.0,nan,nan\n20,60,1.0,1.5,0.4\n")
    plot.show_log(log)
    assert not plot.isHidden()
    assert {curve.name: list(curve.points) for curve in plot.curves} == {
        "training loss": [(30.0, 2.0), (60.0, 1.0)],
        "validation loss": [(60.0, 1.5)],
    }
    assert read_f1(log) == 0.4 and read_f1(tmp_path / "none.csv") is None
    plot.resize(300, 150)
    assert not plot.grab().isNull()


def test_what_is_found_so_far_is_drawn_with_its_outlines(qtbot, tmp_path):
    picture, previews = Picture(), Previews(str(tmp_path))
    qtbot.addWidget(picture)
    labels = np.zeros((40, 50), np.uint32)
    labels[5:9, 5:9], labels[5:9, 9:14] = 1, 2
    grey = np.random.default_rng(0).random((40, 50), np.float32)
    picture.show_file(str(tmp_path / "gone.npz"))
    assert picture.isHidden()
    picture.show_file(previews.write(Sample(Micrograph(grey), labels)))
    assert not picture.isHidden() and picture.found == 2 and not picture.grab().isNull()

    drawn = outlined(grey, labels)
    rim = (drawn == OUTLINE).all(-1)
    assert drawn.shape == (40, 50, 3) and rim[5, 5:14].all() and rim[5:9, 8:10].all()
    assert not rim[6:8, 6:8].any() and not rim[labels == 0].any()
