package dev.hone.train.optim;

import dev.hone.train.config.NamedArguments;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/** Update rules by the names and arguments that configuration files use: a row for each of Hone's own, services for others. */
final class RuleNames {
  private interface Maker {
    UpdateRule rule(double beta1, double beta2, double eps, NamedArguments arguments);
  }

  private record Row(List<String> names, Maker maker) implements OptimizerProvider {
    @Override
    public UpdateRule rule(double beta1, double beta2, double eps, NamedArguments arguments) {
      return maker.rule(beta1, beta2, eps, arguments);
    }
  }

  /** Hone's own; further names are those of transformers for the same. */
  private static final List<OptimizerProvider> OWN = List.of(
      row("adamw", (beta1, beta2, eps, arguments) -> arguments.flag("amsgrad") ? new Adam(beta1, beta2, eps, true, true)
          : new AdamW(beta1, beta2, eps), "adamw_torch", "adamw_hf", "adamw_torch_fused"),
      row("adamw_8bit", (beta1, beta2, eps, _) -> new AdamW8bit(beta1, beta2, eps), "adamw_bnb_8bit"),
      row("adam", (beta1, beta2, eps, arguments) -> new Adam(beta1, beta2, eps, arguments.flag("amsgrad"), false)),
      row("adamax", (beta1, beta2, eps, _) -> new Adamax(beta1, beta2, eps)),
      row("adadelta", (_, _, _, arguments) -> new Adadelta(arguments.number("rho", 0.9), arguments.number("eps", 1e-6))),
      row("adafactor", (_, _, _, arguments) -> new Adafactor(arguments.number("eps", 1e-30),
      arguments.number("least_scale", 1e-3),
          arguments.number("clip_threshold", 1), arguments.number("decay_rate", -0.8), arguments.number("beta1", Double.NaN),
          arguments.flag("scale_parameter"), arguments.flag("relative_step"), arguments.flag("warmup_init"))),
      row("torch_adafactor", (_, _, _, arguments) -> new TorchAdafactor(arguments.number("eps", 0x1p-23),
          arguments.number("least_scale", 1e-3), arguments.number("beta2_decay", -0.8), arguments.number("d", 1))),
      row("adagrad", (_, _, _, arguments) -> new Adagrad(arguments.number("lr_decay", 0),
          arguments.number("initial_accumulator_value", 0), arguments.number("eps", 1e-10))),
      row("lion", (_, _, _, arguments) -> new Lion(arguments.number("beta1", 0.9),
      arguments.number("beta2", 0.99)), "lion_32bit"),
      row("muon", (_, _, _, arguments) -> new Muon(arguments.number("momentum", 0.95), arguments.flag("nesterov", true),
          arguments.flag("match_rms_adamw"))),
      row("nadam", (beta1, beta2, eps, arguments) -> new NAdam(beta1, beta2, eps, arguments.number("momentum_decay", 4e-3),
          arguments.flag("decoupled_weight_decay", true))),
      row("radam", (beta1, beta2, eps, arguments) -> new RAdam(beta1, beta2, eps,
      arguments.flag("decoupled_weight_decay", true))),
      row("rmsprop", (_, _, _, arguments) -> new RmsProp(arguments.number("alpha", 0.99), arguments.number("eps", 1e-8),
          arguments.number("momentum", 0), arguments.flag("centered"))),
      row("sgd", (_, _, _, arguments) -> new Sgd(arguments.number("momentum", 0), arguments.number("dampening", 0),
          arguments.flag("nesterov"))));

  private RuleNames() {}

  private static OptimizerProvider row(String name, Maker maker, String... others) {
    return new Row(Stream.concat(Stream.of(name), Stream.of(others)).toList(), maker);
  }

  /** The first name of each rule. */
  static List<String> known() {
    List<String> names = new ArrayList<>(OWN.stream().map(provider -> provider.names().getFirst()).toList());
    ServiceLoader.load(OptimizerProvider.class).forEach(provider -> names.add(provider.names().getFirst()));
    return names;
  }

  static UpdateRule rule(String name, double beta1, double beta2, double eps, Map<String, ?> given) {
    OptimizerProvider provider = OWN.stream().filter(own -> own.names().contains(name)).findFirst()
        .orElseGet(() -> service(name));
    NamedArguments arguments = new NamedArguments("optimizer " + name, given);
    UpdateRule rule = provider.rule(beta1, beta2, eps, arguments);
    arguments.checkAllKnown();
    return rule;
  }

  private static OptimizerProvider service(String name) {
    for (OptimizerProvider provider : ServiceLoader.load(OptimizerProvider.class)) {
      if (provider.names().contains(name)) {
        return provider;
      }
    }
    throw new IllegalArgumentException("optim: '" + name + "' is not known; known: " + String.join(", ", known()));
  }
}
