package dev.hone.train.schedule;

import java.util.Map;

/**
 * The factor on the learning rate at each optimiser step, counted from 0: step i uses {@code factor(i)} times the rate of
 * its parameter group.
 *
 * <p>Steps are those of the optimiser, not batches. {@code warmup} steps come first and rise from 0 in equal parts, so the
 * first step of a warm-up has factor 0; {@code total} is the number of steps of the whole run. The formulas are those of
 * Hugging Face Transformers (one-cycle: PyTorch) to the last step and beyond: after {@code total}, a cosine rises again. One of
 * your own implements {@link #factor}; a {@link ScheduleProvider} makes it known to {@code lr_scheduler_type}.
 */
public interface Schedule {
  /** The factor at optimiser step {@code step}, 0 or more. */
  double factor(int step);

  /**
   * A schedule by its Hugging Face name: {@code constant}, {@code constant_with_warmup}, {@code linear}, {@code cosine},
   * {@code cosine_with_restarts}, {@code cosine_with_min_lr}, {@code cosine_warmup_with_min_lr}, {@code polynomial},
   * {@code inverse_sqrt}, {@code warmup_stable_decay}, and {@code one_cycle}.
   *
   * @param name as in {@code lr_scheduler_type}
   * @param warmup steps of warm-up
   * @param total steps of the run
   * @param learningRate the rate of the first parameter group, which turns absolute rates among the arguments into factors
   * @param arguments as in {@code lr_scheduler_kwargs}: numbers, texts or truth values
   * @throws IllegalArgumentException naming what is known, for a name or an argument that is not
   */
  static Schedule named(String name, int warmup, int total, double learningRate, Map<String, ?> arguments) {
    return ScheduleNames.schedule(name, warmup, total, learningRate, arguments);
  }

  /**
   * Warm-up, then the full rate to the end.
   *
   * @param warmup steps of warm-up; 0 for none
   */
  record Constant(int warmup) implements Schedule {
    /** Checks the steps. */
    public Constant {
      Checks.steps("Constant", warmup);
    }

    @Override
    public double factor(int step) {
      return step < warmup ? SchedulePieces.rise(step, warmup) : 1;
    }
  }

  /**
   * Warm-up, then down to 0 in equal parts.
   *
   * @param warmup steps of warm-up
   * @param total steps of the run
   */
  record Linear(int warmup, int total) implements Schedule {
    /** Checks the steps. */
    public Linear {
      Checks.steps("Linear", warmup, total);
    }

    @Override
    public double factor(int step) {
      return step < warmup ? SchedulePieces.rise(step, warmup) : Math.max(0, 1 - SchedulePieces.progress(step, warmup, total));
    }
  }

  /**
   * Warm-up, then min + (1 − min) · ½(1 + cos(2π · cycles · progress)).
   *
   * @param warmup steps of warm-up
   * @param total steps of the run
   * @param cycles waves until the end; ½ goes down once
   * @param min the factor at the bottom of the wave
   */
  record Cosine(int warmup, int total, double cycles, double min) implements Schedule {
    /** Checks steps and the lowest factor. */
    public Cosine {
      Checks.steps("Cosine", warmup, total);
      Checks.factor("Cosine", min);
    }

    /** Down to 0 once. */
    public Cosine(int warmup, int total) {
      this(warmup, total, 0.5, 0);
    }

    @Override
    public double factor(int step) {
      return step < warmup ? SchedulePieces.rise(step, warmup)
          : SchedulePieces.wave(SchedulePieces.progress(step, warmup, total), cycles, min);
    }
  }

  /**
   * A cosine whose warm-up begins above 0 and that is read at the end of each step, one step ahead of {@link Cosine}.
   *
   * @param warmup steps of warm-up; the last of them has factor 1
   * @param total steps of the run
   * @param cycles waves until the end
   * @param min the factor at the bottom of the wave
   * @param start the factor of the first step; NaN for 1 / warmup
   */
  record CosineFromFloor(int warmup, int total, double cycles, double min, double start) implements Schedule {
    /** Checks steps and the lowest factor. */
    public CosineFromFloor {
      Checks.steps("CosineFromFloor", warmup, total);
      Checks.factor("CosineFromFloor", min);
    }

    @Override
    public double factor(int step) {
      if (step < warmup) {
        return Double.isNaN(start) ? (step + 1.0) / Math.max(1, warmup)
            : start + (1 - start) * step / Math.max(1, warmup - 1);
      }
      return SchedulePieces.wave(SchedulePieces.progress(step + 1, warmup, total), cycles, min);
    }
  }

  /**
   * Warm-up, then {@code cycles} times a cosine from 1 down to 0, each time beginning at 1 again.
   *
   * @param warmup steps of warm-up
   * @param total steps of the run
   * @param cycles how often
   */
  record CosineRestarts(int warmup, int total, int cycles) implements Schedule {
    /** Checks steps and cycles. */
    public CosineRestarts {
      Checks.steps("CosineRestarts", warmup, total);
      Checks.atLeast("CosineRestarts", "cycles", 1, cycles);
    }

    @Override
    public double factor(int step) {
      if (step < warmup) {
        return SchedulePieces.rise(step, warmup);
      }
      double progress = SchedulePieces.progress(step, warmup, total);
      return progress >= 1 ? 0 : 0.5 * (1 + Math.cos(Math.PI * (cycles * progress % 1)));
    }
  }

  /**
   * Warm-up, then end + (1 − end) · (1 − progress)^power.
   *
   * @param warmup steps of warm-up
   * @param total steps of the run
   * @param power 1 is a line
   * @param end the factor from the end on
   */
  record Polynomial(int warmup, int total, double power, double end) implements Schedule {
    /** Checks steps and the last factor. */
    public Polynomial {
      Checks.steps("Polynomial", warmup, total);
      Checks.factor("Polynomial", end);
    }

    @Override
    public double factor(int step) {
      if (step < warmup) {
        return SchedulePieces.rise(step, warmup);
      }
      return step > total ? end : end + (1 - end) * Math.pow(1 - SchedulePieces.progress(step, warmup, total), power);
    }
  }

  /**
   * Warm-up, then 1 / √((step + timescale − warmup) / timescale).
   *
   * @param warmup steps of warm-up
   * @param timescale steps until the rate falls noticeably; usually the warm-up, or 10,000 without one
   */
  record InverseSqrt(int warmup, int timescale) implements Schedule {
    /** Checks the steps. */
    public InverseSqrt {
      Checks.steps("InverseSqrt", warmup);
      Checks.atLeast("InverseSqrt", "timescale", 1, timescale);
    }

    @Override
    public double factor(int step) {
      return step < warmup ? SchedulePieces.rise(step, warmup) : 1 / Math.sqrt((step + timescale - warmup) / (double) timescale);
    }
  }

  /**
   * Warm-up, a long stretch at the full rate, then a decay to {@code min}.
   *
   * @param warmup steps of warm-up, from {@code min} to 1
   * @param stable steps at the full rate
   * @param decay steps of decay
   * @param rise the form of the warm-up
   * @param fall the form of the decay
   * @param cycles waves of a decay by cosine; ½ goes down once
   * @param min the lowest factor
   */
  record WarmupStableDecay(int warmup, int stable, int decay, Form rise, Form fall, double cycles, double min)
      implements Schedule {
    /** Checks steps and the lowest factor. */
    public WarmupStableDecay {
      Checks.steps("WarmupStableDecay", warmup);
      Checks.steps("WarmupStableDecay", stable);
      Checks.steps("WarmupStableDecay", decay);
      Checks.factor("WarmupStableDecay", min);
    }

    @Override
    public double factor(int step) {
      if (step < warmup) {
        double p = SchedulePieces.rise(step, warmup);
        return SchedulePieces.above(min, switch (rise) {
          case LINEAR -> p;
          case COSINE -> 0.5 * (1 - Math.cos(Math.PI * p));
          case ONE_MINUS_SQRT -> 1 - Math.sqrt(1 - p);
        });
      }
      if (step < warmup + stable) {
        return 1;
      }
      if (step >= warmup + stable + decay) {
        return min;
      }
      double p = SchedulePieces.progress(step, warmup + stable, warmup + stable + decay);
      return SchedulePieces.above(min, switch (fall) {
        case LINEAR -> 1 - p;
        case COSINE -> SchedulePieces.wave(p, cycles, 0);
        case ONE_MINUS_SQRT -> 1 - Math.sqrt(p);
      });
    }
  }

  /**
   * Up from 1 / divide to 1 and down to 1 / (divide · divideEnd), with the first moment's decay going the other way.
   *
   * @param total steps of the run, 2 or more
   * @param rise the share of the steps that goes up
   * @param form {@link Form#LINEAR} or {@link Form#COSINE}
   * @param threePhase whether the way down ends at the starting rate, as long as the way up, before the rest goes lower
   * @param divide 1 over the factor of the first step
   * @param divideEnd the factor of the first step over that of the last
   */
  record OneCycle(int total, double rise, Form form, boolean threePhase, double divide, double divideEnd)
      implements Schedule {
    /** Checks steps, share and form. */
    public OneCycle {
      Checks.atLeast("OneCycle", "total", 2, total);
      Checks.factor("OneCycle", rise);
      if (form == Form.ONE_MINUS_SQRT || !(divide >= 1) || !(divideEnd >= 1)) {
        throw new IllegalArgumentException("OneCycle: needs a linear or cosine form and dividers of 1 or more, got " + form
            + ", " + divide + ", " + divideEnd);
      }
    }

    /** PyTorch's defaults: 30 % of the steps up, cosine, divided by 25 and by 10,000. */
    public OneCycle(int total) {
      this(total, 0.3, Form.COSINE, false, 25, 1e4);
    }

    @Override
    public double factor(int step) {
      double start = 1 / divide;
      return threePhase ? between(step, start, 1, start, start / divideEnd) : between(step, start, 1, start / divideEnd);
    }

    /** The decay of the first moment (beta1, or momentum) at {@code step}: {@code high} to {@code low} and back. */
    public double momentum(int step, double low, double high) {
      return threePhase ? between(step, high, low, high, high) : between(step, high, low, high);
    }

    private double between(int step, double... levels) {
      double[] ends = threePhase ? new double[] {rise * total - 1, 2 * rise * total - 2, total - 1}
          : new double[] {rise * total - 1, total - 1};
      double begin = 0;
      int phase = 0;
      while (phase < ends.length - 1 && step > ends[phase]) {
        begin = ends[phase++];
      }
      double p = Math.min(1, (step - begin) / (ends[phase] - begin));
      double from = levels[phase];
      double to = levels[phase + 1];
      return form == Form.LINEAR ? from + (to - from) * p : to + (from - to) / 2 * (1 + Math.cos(Math.PI * p));
    }
  }

  /** The form of a rise or a fall. */
  enum Form {
    /** Equal parts. */
    LINEAR,
    /** Half a wave. */
    COSINE,
    /** 1 − √progress on the way down, its mirror image on the way up. */
    ONE_MINUS_SQRT
  }
}
