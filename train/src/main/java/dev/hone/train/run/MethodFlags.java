package dev.hone.train.run;

import dev.hone.core.Activation;
import dev.hone.lora.AdaLoraConfig;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.BottleneckConfig;
import dev.hone.lora.Ia3Config;
import dev.hone.lora.LohaConfig;
import dev.hone.lora.LoraConfig;
import dev.hone.lora.LoraInit;
import dev.hone.lora.ModuleNames;
import dev.hone.lora.PrefixConfig;
import dev.hone.lora.PromptConfig;
import dev.hone.lora.SubsetConfig;
import dev.hone.lora.Targets;
import dev.hone.lora.VeraConfig;
import dev.hone.nn.Labels;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The flags that say what is trained: {@code --method} and what each method can be told, by PEFT's names. */
public final class MethodFlags {
  private static final String LORA = "lora";
  private static final String FULL = "full";
  private static final String VERA = "vera";
  private static final String LOHA = "loha";
  private static final String ADALORA = "adalora";
  private static final String LANGUAGE_LORA_RATE = "0.0002";
  private static final int USUAL_TARGET = 8; // PEFT's
  public static final List<String> METHODS =
      List.of(LORA, FULL, VERA, LOHA, ADALORA, "ia3", "prompt", "prefix", "bottleneck", "head", "last-n", "bitfit");
  /** What a learning rate is where none is given, for all methods but full. */
  private static final Map<String, String> RATES =
      Map.of(LORA, "0.001", VERA, "0.01", "ia3", "0.005", "prompt", "0.01", "prefix", "0.01", "bottleneck", "0.001", "last-n",
          "0.00005");

  static final String INIT_ADAPTER = "init-adapter";
  private static final String STACK_ON = "stack-on";

  public static final List<Flag> ALL = List.of(
      Flag.of("method", String.join("|", METHODS), LORA, "what is trained"),
      Flag.of(INIT_ADAPTER, "DIR", null, "go on from this adapter, also of PEFT: its method, its settings, its values"),
      Flag.of(STACK_ON, "A,B", null, "adapters that stay as they are below the new one, merged in this order").only(LORA),
      Flag.of("lora-r", "N", "8", "rank of the adapter").only(LORA),
      Flag.of("lora-alpha", "X", "16", "the adapter is scaled by alpha / r").only(LORA, ADALORA),
      Flag.of("lora-dropout", "X", "0", "dropout on the adapter's input").only(LORA, ADALORA),
      Flag.of("target-modules", "A,B", null, "layers to adapt, a pattern, or all-linear [PEFT's for the family]")
      .only(LORA, VERA, LOHA, ADALORA, "ia3"),
      Flag.of("exclude-modules", "A,B", null, "layers to leave out, or a pattern").only(LORA, LOHA, ADALORA, "ia3"),
      Flag.of("layers-to-transform", "0,1", null, "numbers of layers to adapt").only(LORA, VERA, LOHA, ADALORA),
      Flag.of("layers-pattern", "NAME", null, "what the list of layers is called").only(LORA, VERA, LOHA, ADALORA),
      Flag.of("rank-pattern", "A=4,B=16", null, "ranks of some layers").only(LORA, LOHA),
      Flag.of("alpha-pattern", "A=8,B=32", null, "alphas of some layers").only(LORA, LOHA),
      Flag.of("bias", "none|all|lora_only", "none", "biases to train as well").only(LORA),
      Flag.toggle("use-rslora", "scale by alpha / sqrt(r)").only(LORA),
      Flag.toggle("use-dora", "train the sizes of outputs apart from their directions").only(LORA),
      Flag.of("init-lora-weights", "NAME", "kaiming", "kaiming gaussian pissa pissa_niter_N olora zero").only(LORA),
      Flag.toggle("ensure-weight-tying", "a tied head goes on being its table, also where one of them is named").only(LORA),
      Flag.of("loraplus-lr-ratio", "X", "1", "factor of the rate of B (LoRA+)").only(LORA),
      Flag.of(VocabularyFlags.INDICES, "A,12", null, "tokens, or their ids, whose rows of the tables are trained as well")
          .only(LORA),
      Flag.of("vera-r", "N", "256", "rank of the matrices that all layers share").only(VERA),
      Flag.of("vera-dropout", "X", "0", "dropout on the adapter's input").only(VERA),
      Flag.of("d-initial", "X", "0.1", "what the factors of ranks start at").only(VERA),
      Flag.of("projection-prng-key", "N", "0", "what the shared matrices are drawn from").only(VERA),
      Flag.of("loha-r", "N", "8", "rank of both products").only(LOHA),
      Flag.of("loha-alpha", "X", "8", "the adapter is scaled by alpha / r").only(LOHA),
      Flag.of("init-r", "N", "12", "rank of the adapter at first").only(ADALORA),
      Flag.of("target-r", "N", null, "ranks that are left at the end, a mean of all layers; init-r to cut none "
          + "[8, or init-r if that is less]").only(ADALORA),
      Flag.of("tinit", "N", "0", "steps before the first cut").only(ADALORA),
      Flag.of("tfinal", "N", "0", "steps after the last cut").only(ADALORA),
      Flag.of("delta-t", "N", "1", "steps from one cut to the next").only(ADALORA),
      Flag.of("beta1", "X", "0.85", "how slowly the sensitivity of a weight changes").only(ADALORA),
      Flag.of("beta2", "X", "0.85", "how slowly its uncertainty changes").only(ADALORA),
      Flag.of("orth-reg-weight", "X", "0.5", "factor of the distance from orthonormal vectors").only(ADALORA),
      Flag.of("feedforward-modules", "A,B", null, "those whose inputs are scaled").only("ia3"),
      Flag.of("num-virtual-tokens", "N", "20", "how many").only("prompt", "prefix"),
      Flag.of("prompt-tuning-init", "random|sample_vocab|text", "random", "how the vectors start").only("prompt"),
      Flag.of("prompt-tuning-init-text", "TEXT", null, "what they start from").only("prompt"),
      Flag.of("bottleneck-size", "N", "64", "width").only("bottleneck"),
      Flag.of("bottleneck-placement", "houlsby|pfeiffer", "pfeiffer", "behind both blocks, or the feed-forward")
      .only("bottleneck"),
      Flag.of("last-n", "N", "1", "how many layers").only("last-n"),
      Flag.of("modules-to-save", "A,B", null, "modules to train whole besides the head").only(adapters()));

  private MethodFlags() {}

  private static String[] adapters() {
    return METHODS.stream().filter(method -> !method.equals(FULL)).toArray(String[]::new);
  }

  public static boolean isFull(Arguments arguments) {
    return method(arguments).equals(FULL);
  }

  /** The method that is named. */
  public static String method(Arguments arguments) {

    String method = arguments.text("method");
    if (!METHODS.contains(method)) {
      throw new UserError("--method must be one of " + String.join(", ", METHODS) + ", is '" + method + "'");
    }
    return method;
  }

  /** The usual learning rate of the method. */
  public static String usualRate(Arguments arguments, String full, boolean generates) {
    String method = method(arguments);
    return method.equals(FULL) ? full : method.equals(LORA) && generates ? LANGUAGE_LORA_RATE
        : RATES.getOrDefault(method, RATES.get(LORA));
  }

  /** The rates of parts that the method asks for. */
  public static Map<String, Double> rateFactors(Arguments arguments) {
    return arguments.number("loraplus-lr-ratio") == 1 ? Map.of() : LoraConfig.rateFactors(arguments.number("loraplus-lr-ratio"));
  }

  /** Those rates, for help. */
  public static String usualRates(String full) {
    Map<String, List<String>> methods = new LinkedHashMap<>();
    for (String method : METHODS) {
      methods.computeIfAbsent(method.equals(FULL) ? full : RATES.getOrDefault(method, RATES.get(LORA)), _ -> new ArrayList<>())
          .add(method);
    }
    return methods.entrySet().stream().map(entry -> entry.getKey() + " for " + String.join(", ", entry.getValue()))
        .collect(Collectors.joining("; ")) + "; to generate with lora " + LANGUAGE_LORA_RATE;
  }

  /**
   * The method, or null for all weights.
   *
   * @param model whose tokenizer reads the text that a prompt starts from; null where values are checked only
   */
  public static AdapterConfig config(Arguments arguments, Path model) throws IOException {
    if (arguments.has(INIT_ADAPTER)) {
      return stored(arguments);
    }
    List<String> save = arguments.list("modules-to-save");
    return switch (method(arguments)) {
      case FULL -> null;
      case "ia3" -> new Ia3Config(targets(arguments), ModuleNames.of(arguments.list("feedforward-modules")), save);
      case VERA -> new VeraConfig(arguments.integer("vera-r"), (float) arguments.number("vera-dropout"),
          arguments.number("d-initial"), arguments.integer("projection-prng-key"), true, targets(arguments), save);
      case LOHA -> new LohaConfig(arguments.integer("loha-r"), arguments.number("loha-alpha"), 0, 0, targets(arguments),
          pattern(arguments, "rank-pattern", Integer::valueOf), pattern(arguments, "alpha-pattern", Double::valueOf), save);
      case ADALORA -> new AdaLoraConfig(arguments.integer("init-r"), arguments.number("lora-alpha"),
          (float) arguments.number("lora-dropout"), arguments.number("orth-reg-weight"), Map.of(), targets(arguments), save,
          budget(arguments));
      case "prompt" -> new PromptConfig(arguments.integer("num-virtual-tokens"),
          word(arguments, "prompt-tuning-init", PromptConfig.Init.values()), textIds(arguments, model), save);
      case "prefix" -> new PrefixConfig(arguments.integer("num-virtual-tokens"), save);
      case "bottleneck" -> new BottleneckConfig(word(arguments, "bottleneck-placement", BottleneckConfig.Placement.values()),
          arguments.integer("bottleneck-size"), Activation.RELU, save);
      case "head" -> SubsetConfig.head().withModulesToSave(save);
      case "last-n" -> SubsetConfig.lastLayers(arguments.integer("last-n")).withModulesToSave(save);
      case "bitfit" -> SubsetConfig.bitFit().withModulesToSave(save);
      default -> new LoraConfig(arguments.integer("lora-r"), arguments.number("lora-alpha"),
          (float) arguments.number("lora-dropout"), targets(arguments), save,
          word(arguments, "bias", LoraConfig.Bias.values()), pattern(arguments, "rank-pattern", Integer::valueOf),
          pattern(arguments, "alpha-pattern", Double::valueOf), arguments.on("use-rslora"), arguments.on("use-dora"),
          LoraInit.parse(arguments.text("init-lora-weights")), arguments.on("ensure-weight-tying"), false,
          VocabularyFlags.trained(arguments, model), List.of(), new LoraConfig.Base(List.of(), below(arguments)));
    };
  }

  /** How ranks are cut in training; null if they stay. */
  private static AdaLoraConfig.Budget budget(Arguments arguments) {
    int rank = arguments.integer("init-r");
    int target = arguments.has("target-r") ? arguments.integer("target-r") : Math.min(USUAL_TARGET, rank);
    AdaLoraConfig.Budget budget = new AdaLoraConfig.Budget(target, arguments.integer("tinit"), arguments.integer("tfinal"),
        arguments.integer("delta-t"), arguments.number("beta1"), arguments.number("beta2"), 0);
    return target == rank ? null : budget;
  }

  /** The adapters that stay as they are below the new one. */
  private static List<Path> below(Arguments arguments) {
    List<Path> below = arguments.list(STACK_ON).stream().map(Path::of).toList();
    below.forEach(AdapterFiles::config); // which refuses what is none
    return below;
  }

  /** The method of an adapter to go on from, which says all that other flags could. */
  private static AdapterConfig stored(Arguments arguments) {
    for (Flag flag : ALL) {
      boolean about = !flag.name().equals(INIT_ADAPTER) && !flag.name().equals("method")
          && !flag.name().equals("loraplus-lr-ratio");
      if (about && arguments.has(flag.name()) && !arguments.text(flag.name()).equals(flag.fallback())
          && !(flag.isSwitch() && !arguments.on(flag.name()))) {
        throw new UserError("--" + flag.name() + " and --" + INIT_ADAPTER + ": the adapter's own settings hold; leave it out");
      }
    }
    if (isFull(arguments)) {
      throw new UserError("--" + INIT_ADAPTER + " goes on with an adapter, --method full trains all weights; merge the adapter "
          + "(hone merge) and train the merged model");
    }
    return AdapterFiles.config(arguments.path(INIT_ADAPTER));
  }

  /** The name of a stored adapter's method, where there is one. */
  static void settle(Arguments arguments) {
    if (arguments.has(INIT_ADAPTER)) {
      String method = switch (AdapterFiles.config(arguments.path(INIT_ADAPTER))) {
        case VeraConfig _ -> VERA;
        case LohaConfig _ -> LOHA;
        case AdaLoraConfig _ -> ADALORA;
        case Ia3Config _ -> "ia3";
        case PromptConfig _ -> "prompt";
        case PrefixConfig _ -> "prefix";
        case BottleneckConfig _ -> "bottleneck";
        case SubsetConfig subset -> subset.part().name().toLowerCase(Locale.ROOT).replace('_', '-');
        default -> LORA; // whose rate others have, too
      };
      arguments.otherwise("method", method);
      if (!method(arguments).equals(method) && !isFull(arguments)) {
        throw new UserError("--method " + method(arguments) + ": the adapter of --" + INIT_ADAPTER + " is of " + method
            + "; leave it out");
      }
    }
  }

  /** Gives what is trained the values of the adapter to go on from, if there is one. */
  static void start(Tuning<?> tuning, Arguments arguments, Consumer<String> say) {
    if (!arguments.has(INIT_ADAPTER)) {
      return;
    }
    Path directory = arguments.path(INIT_ADAPTER);
    Labels stored = AdapterFiles.labels(directory);
    Labels own = tuning.model().labels();
    if (own != null && stored != null && !stored.equals(own)) {
      throw new UserError(directory + " tells " + String.join(", ", stored.names()) + " apart, the rows have "
          + String.join(", ", own.names()) + ": its head cannot go on; merge it (hone merge) and train the merged model");
    }
    AdapterFiles.read(directory, tuning.adapter());
    say.accept("goes on from " + directory);
  }

  private static Targets targets(Arguments arguments) {
    List<Integer> layers = arguments.list("layers-to-transform").stream()
        .map(text -> number("layers-to-transform", text, Integer::valueOf)).toList();
    return new Targets(ModuleNames.of(arguments.list("target-modules")), ModuleNames.of(arguments.list("exclude-modules")),
        layers, arguments.list("layers-pattern"));
  }

  /** Fails for values that no model could take; what depends on the model is found when it is there. */
  public static void check(Arguments arguments) {
    try {
      config(arguments, null);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // no file is read without a model
    }
  }

  private static List<Integer> textIds(Arguments arguments, Path model) throws IOException {
    String text = arguments.text("prompt-tuning-init-text");
    boolean wanted = arguments.text("prompt-tuning-init").equals("text");
    if (wanted != (text != null)) {
      throw new UserError("--prompt-tuning-init text and --prompt-tuning-init-text belong together");
    }
    return !wanted ? List.of() : model == null ? List.of(0) : Arrays.stream(Tokenizer.load(model)
        .encode(text, EncodeOptions.DEFAULT).ids()).boxed().toList();
  }

  private static <T> Map<String, T> pattern(Arguments arguments, String name, Function<String, T> parse) {
    Map<String, T> map = new LinkedHashMap<>();
    for (String pair : arguments.list(name)) {
      int equals = pair.lastIndexOf('=');
      if (equals < 1) {
        throw new UserError("--" + name + " must be written NAME=VALUE,NAME=VALUE; '" + pair + "' is not");
      }
      map.put(pair.substring(0, equals), number(name, pair.substring(equals + 1), parse));
    }
    return map;
  }

  private static <T> T number(String name, String text, Function<String, T> parse) {
    try {
      return parse.apply(text);
    } catch (NumberFormatException e) {
      throw new UserError("--" + name + ": '" + text + "' is not a number of the kind that is wanted");
    }
  }

  /** One of the constants, by its name in small letters. */
  public static <E extends Enum<E>> E word(Arguments arguments, String name, E[] known) {
    String word = arguments.text(name);
    List<String> words = Arrays.stream(known).map(constant -> constant.name().toLowerCase(Locale.ROOT)).toList();
    if (!words.contains(word)) {
      throw new UserError("--" + name + " must be one of " + String.join(", ", words) + ", is '" + word + "'");
    }
    return known[words.indexOf(word)];
  }
}
