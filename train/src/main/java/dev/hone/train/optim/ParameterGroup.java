package dev.hone.train.optim;

/**
 * How one parameter is treated.
 *
 * @param rule how it moves
 * @param rateFactor of the learning rate of the step
 * @param weightDecay see {@link UpdateRule#update}
 */
public record ParameterGroup(UpdateRule rule, double rateFactor, double weightDecay) {
  /** Throws {@link IllegalArgumentException} for a negative factor or decay. */
  public ParameterGroup {
    if (!(rateFactor >= 0) || !(weightDecay >= 0)) {
      throw new IllegalArgumentException("ParameterGroup: rate factor and weight decay must not be negative, are " + rateFactor
          + " and " + weightDecay);
    }
  }
}
