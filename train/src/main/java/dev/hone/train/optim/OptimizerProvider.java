package dev.hone.train.optim;

import dev.hone.train.config.NamedArguments;
import java.util.List;

/**
 * Makes the update rule that settings name. Those of your own are found as services: a jar on the class path names them in
 * {@code META-INF/services/dev.hone.train.optim.OptimizerProvider}, a module {@code provides} them; then {@code --optim} takes
 * them on the command line, in YAML and from Java.
 *
 * {@snippet :
 * public final class SignProvider implements OptimizerProvider {
 *   public List<String> names() {
 *     return List.of("sign");
 *   }
 *
 *   public UpdateRule rule(double beta1, double beta2, double eps, NamedArguments arguments) {
 *     return new SignDescent(arguments.number("momentum", 0.9));
 *   }
 * }
 * }
 */
public interface OptimizerProvider {
  /** Its name as in {@code optim}, then other names for the same. */
  List<String> names();

  /**
   * The rule.
   *
   * @param beta1 decay of the mean of gradients, for rules of Adam's kind
   * @param beta2 decay of the mean of squares
   * @param eps added to the root of the mean of squares
   * @param arguments as in {@code optim_args}; those that are not asked for are refused
   */
  UpdateRule rule(double beta1, double beta2, double eps, NamedArguments arguments);
}
