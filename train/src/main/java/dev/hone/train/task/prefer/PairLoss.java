package dev.hone.train.task.prefer;

/**
 * The loss of one pair, in float64, as a function of the log-probabilities of its two answers.
 *
 * @param settings loss and factors
 * @param smoothing share of pairs that are taken to be swapped
 */
record PairLoss(PreferenceSettings settings, double smoothing) {
  /**
   * An answer.
   *
   * @param logp its log-probability
   * @param reference that of the reference; 0 where there is none
   * @param tokens that were counted
   */
  record Answer(double logp, double reference, int tokens) {
    double ratio() {
      return logp - reference;
    }

    double mean() {
      return logp / tokens;
    }
  }

  /**
   * What a pair costs.
   *
   * @param loss without any cross-entropy
   * @param byChosen its slope by the log-probability of the chosen answer
   * @param byRejected its slope by that of the rejected one
   */
  record Cost(double loss, double byChosen, double byRejected) {
    Cost times(double factor) {
      return new Cost(factor * loss, factor * byChosen, factor * byRejected);
    }
  }

  PairLoss {
    PreferenceLoss loss = settings.loss();
    boolean knows = switch (loss) {
      case SIGMOID, ROBUST, CPO, SIMPO -> true;
      default -> false;
    };
    if (smoothing != 0 && !knows) {
      throw new IllegalArgumentException("label_smoothing_factor must be 0 for preference_loss " + loss.title() + ", is "
          + smoothing + "; sigmoid, robust, cpo and simpo know it");
    }
    if (smoothing >= 0.5) {
      throw new IllegalArgumentException("label_smoothing_factor is the share of swapped pairs and must be below 0.5, is "
          + smoothing);
    }
  }

  Cost of(Answer chosen, Answer rejected) {
    double beta = settings.beta();
    return switch (settings.loss()) {
      case SIGMOID -> linear(smoothed(beta * (chosen.ratio() - rejected.ratio())), beta, beta);
      case SIGMOID_NORM -> linear(smoothed(beta * (chosen.ratio() / chosen.tokens - rejected.ratio() / rejected.tokens)),
          beta / chosen.tokens, beta / rejected.tokens);
      case ROBUST -> {
        double x = beta * (chosen.ratio() - rejected.ratio());
        double sure = 1 - 2 * smoothing;
        yield linear(new Curve(((1 - smoothing) * softplus(-x) - smoothing * softplus(x)) / sure,
            -((1 - smoothing) * sigmoid(-x) + smoothing * sigmoid(x)) / sure), beta, beta);
      }
      case HINGE -> linear(hinge(beta * (chosen.ratio() - rejected.ratio())), beta, beta);
      case IPO -> {
        double off = chosen.ratio() / chosen.tokens - rejected.ratio() / rejected.tokens - 1 / (2 * beta);
        yield linear(new Curve(off * off, 2 * off), 1.0 / chosen.tokens, 1.0 / rejected.tokens);
      }
      case APO_ZERO -> {
        double c = beta * chosen.ratio();
        double r = beta * rejected.ratio();
        yield new Cost(sigmoid(-c) + sigmoid(r), -beta * sigmoid(c) * sigmoid(-c), beta * sigmoid(r) * sigmoid(-r));
      }
      case ORPO -> {
        double odds = chosen.mean() - rejected.mean() - (log1mexp(chosen.mean()) - log1mexp(rejected.mean()));
        double slope = -beta * sigmoid(-odds);
        yield new Cost(beta * softplus(-odds), slope / -Math.expm1(chosen.mean()) / chosen.tokens,
            -slope / -Math.expm1(rejected.mean()) / rejected.tokens);
      }
      case CPO -> linear(smoothed(beta * (chosen.logp - rejected.logp)), beta, beta);
      case CPO_HINGE -> linear(hinge(beta * (chosen.logp - rejected.logp)), beta, beta);
      case SIMPO -> linear(smoothed(beta * (chosen.mean() - rejected.mean()) - settings.gamma()), beta / chosen.tokens,
          beta / rejected.tokens);
      case KTO, REWARD -> throw new IllegalStateException(settings.loss() + " is no loss of two log-probabilities");
    };
  }

  /** What is called the reward of an answer: the part of its log-probability that preference moves. */
  double reward(Answer answer) {
    return settings.beta() * (settings.loss().perToken() ? answer.mean() : answer.ratio());
  }

  /** A function of one number and its slope. */
  private record Curve(double value, double slope) {}

  /** -(1 - s) log σ(x) - s log σ(-x). */
  private Curve smoothed(double x) {
    return new Curve((1 - smoothing) * softplus(-x) + smoothing * softplus(x),
        smoothing * sigmoid(x) - (1 - smoothing) * sigmoid(-x));
  }

  private static Curve hinge(double x) {
    return x < 1 ? new Curve(1 - x, -1) : new Curve(0, 0);
  }

  /** The cost of a curve of {@code byChosen · chosen - byRejected · rejected}. */
  private static Cost linear(Curve curve, double byChosen, double byRejected) {
    return new Cost(curve.value, curve.slope * byChosen, -curve.slope * byRejected);
  }

  static double sigmoid(double x) {
    return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
  }

  /** log(1 + e^x). */
  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  /** log(1 - e^x) of x below 0, exact near both ends. */
  private static double log1mexp(double x) {
    return x > -Math.log(2) ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
  }
}
