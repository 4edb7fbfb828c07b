package dev.hone.train;

import dev.hone.autograd.Parameter;
import dev.hone.train.optim.Gradients;
import java.util.Collection;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/**
 * Looks at the loss and the gradients of every step. A step that is not finite is not taken; the third in a row ends the
 * run. So does divergence: a loss, smoothed over about ten steps, of three times what the run began with.
 *
 * <p>Implementation note: what it began with is the mean of five steps, since one may have had easy rows. Where these have
 * diverged already, their mean hides it. So a run diverges, too, when the loss is three times that of the first step, which was
 * before any change, and worse than that of a model that knows nothing, which easy rows cannot bring about.
 */
final class DivergenceGuard {
  private static final int MAX_SKIPPED = 3;
  private static final int FIRST = 5; // steps that the beginning is the mean of
  private static final double SMOOTHING = 0.9;
  private static final double TOO_MUCH = 3;

  private int skipped;
  private int seen;
  private double beginning;
  private double smoothed;
  private double start; // the first loss
  private final double ignorance;
  private final double noise;

  /** Watches a run, given {@link Objective#ignorance} and {@link Objective#noise}. */
  DivergenceGuard(double ignorance, double noise) {
    this.ignorance = ignorance;
    this.noise = noise;
  }

  /** Why a step cannot be taken, or null if it can. Throws after the third in a row. */
  String check(int step, double loss, double norm, Collection<Parameter> parameters) {
    if (Double.isFinite(loss) && Double.isFinite(norm)) {
      skipped = 0;
      return null;
    }
    Parameter bad = Gradients.firstNotFinite(parameters);
    String what = "step " + step + ": " + (Double.isFinite(loss) ? "" : "the loss is " + loss)
        + (bad == null ? "" : (Double.isFinite(loss) ? "" : ", ") + "the gradient of " + bad.name() + " is not finite");
    if (++skipped == MAX_SKIPPED) {
      throw new TrainingException(what + ", the third such step in a row; try a lower learning rate");
    }
    return what + "; the step is skipped";
  }

  /** Takes in the loss of a step that was taken. Throws if the run diverges. */
  void taken(int step, double loss) {
    if (seen == 0) {
      start = loss;
    }
    if (seen < FIRST) {
      beginning = (beginning * seen + loss) / (seen + 1);
      smoothed = beginning;
    } else {
      smoothed = SMOOTHING * smoothed + (1 - SMOOTHING) * loss;
    }
    seen++;
    boolean sinceTheFirst = smoothed > TOO_MUCH * start && smoothed > ignorance;
    if ((smoothed > TOO_MUCH * beginning || sinceTheFirst) && smoothed > noise) {
      throw new TrainingException(String.format(Locale.ROOT, "step %d: the run diverges, the loss has risen from %.4f to "
          + "%.4f; the last checkpoint, if there is one, is from before; try a lower learning rate", step,
          sinceTheFirst ? start : beginning, smoothed));
    }
  }

  void save(ObjectNode state) {
    state.put("skipped", skipped).put("seen", seen).put("beginning", beginning).put("smoothed", smoothed).put("start", start);
  }

  void restore(ObjectNode state) {
    skipped = state.path("skipped").asInt();
    seen = state.path("seen").asInt();
    beginning = state.path("beginning").asDouble();
    smoothed = state.path("smoothed").asDouble();
    start = state.path("start").asDouble(beginning); // checkpoints had none once
  }
}
