package dev.hone.train.view;

import dev.hone.train.TrainListener;
import dev.hone.train.report.Curves;

/** Shows a run to a person. One view is for one run; it is closed when the run ends, however that happens. */
public sealed interface RunView extends TrainListener, AutoCloseable permits PlainView, LiveView {
  /** The steps and evaluations before those to come, of a run that goes on from a checkpoint. */
  void goOn(Curves earlier);

  /** A line that stays. */
  void note(String line);

  /** Ends the view; what it shows stays. */
  @Override
  void close();
}
