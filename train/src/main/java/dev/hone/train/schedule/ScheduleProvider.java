package dev.hone.train.schedule;

import dev.hone.train.config.NamedArguments;

/**
 * Makes the schedule that settings name. Those of your own are found as services, as {@link
 * dev.hone.train.optim.OptimizerProvider}s are; then {@code --lr-scheduler-type} takes them.
 */
public interface ScheduleProvider {
  /** Its name as in {@code lr_scheduler_type}. */
  String name();

  /**
   * The schedule.
   *
   * @param warmup steps of warm-up
   * @param total steps of the run
   * @param learningRate the rate of the first parameter group, which turns absolute rates among the arguments into factors
   * @param arguments as in {@code lr_scheduler_kwargs}; those that are not asked for are refused
   */
  Schedule schedule(int warmup, int total, double learningRate, NamedArguments arguments);
}
