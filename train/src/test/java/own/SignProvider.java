package own;

import dev.hone.train.config.NamedArguments;
import dev.hone.train.optim.OptimizerProvider;
import dev.hone.train.optim.UpdateRule;
import java.util.List;

/** Makes {@link SignDescent} known as {@code sign}. */
public final class SignProvider implements OptimizerProvider {
  @Override
  public List<String> names() {
    return List.of("sign", "signsgd");
  }

  @Override
  public UpdateRule rule(double beta1, double beta2, double eps, NamedArguments arguments) {
    return new SignDescent(arguments.number("factor", 1));
  }
}
