package own;

import dev.hone.train.config.NamedArguments;
import dev.hone.train.schedule.Schedule;
import dev.hone.train.schedule.ScheduleProvider;

/** A schedule that Hone does not have: the rate halves every so many steps. */
public final class HalvesProvider implements ScheduleProvider {
  @Override
  public String name() {
    return "halves";
  }

  @Override
  public Schedule schedule(int warmup, int total, double learningRate, NamedArguments arguments) {
    int every = (int) arguments.number("every", 1);
    return new Halves(every);
  }

  private record Halves(int every) implements Schedule {
    @Override
    public double factor(int step) {
      return Math.pow(0.5, step / every);
    }
  }
}
