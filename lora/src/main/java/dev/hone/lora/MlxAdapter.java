package dev.hone.lora;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.io.AtomicFile;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.family.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * LoRA adapters of MLX, {@code adapters.safetensors} and an {@code adapter_config.json} with {@code lora_parameters}, made
 * those of PEFT and back. MLX stores {@code lora_a} [in, R] and {@code lora_b} [R, out] and one scale for all; names of layers
 * are those of Hugging Face in the families whose layers are {@code model.layers}.
 */
public final class MlxAdapter {
  private static final String WEIGHTS = "adapters.safetensors";
  private static final String SETTINGS = "lora_parameters";
  private static final Pattern PAIR = Pattern.compile("((?:model\\.layers\\.\\d+\\.(.+)|lm_head))\\.lora_([ab])");
  private static final Pattern PEFT_PAIR = Pattern.compile("base_model\\.model\\.(model\\.layers\\.\\d+\\.(.+)|lm_head)"
      + "\\.lora_([AB])\\.weight");
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private MlxAdapter() {}

  /** Whether a directory holds an adapter of MLX. */
  public static boolean isMlx(Path directory) {
    Path file = directory.resolve(AdapterFiles.CONFIG);
    return Files.isRegularFile(directory.resolve(WEIGHTS)) && Files.isRegularFile(file) && settings(directory).isObject(SETTINGS);
  }

  /**
   * Writes an adapter of MLX as one of PEFT, with the same answers.
   *
   * @throws AdapterException naming what PEFT's LoRA has no place for: DoRA, whole weights, experts, tables
   */
  public static void toPeft(Path mlx, Path directory) throws IOException {
    ConfigReader json = settings(mlx);
    String kind = json.text("fine_tune_type", "lora");
    if (!kind.equals("lora")) {
      throw json.fault("'fine_tune_type' is '" + ConfigReader.shortened(kind) + "', which is not converted; fuse the adapter "
          + "with mlx_lm.fuse and take the model");
    }
    ConfigReader lora = json.section(SETTINGS);
    int rank = lora.required("rank", 1, Integer.MAX_VALUE);
    Safetensors tensors = Safetensors.open(mlx.resolve(WEIGHTS));
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    TreeSet<String> targets = new TreeSet<>();
    for (String name : new TreeSet<>(tensors.names())) {
      Matcher pair = PAIR.matcher(name);
      if (!pair.matches() || tensors.shape(name).rank() != 2) {
        throw new AdapterException(mlx.resolve(WEIGHTS) + ": " + name + " " + tensors.shape(name) + " is no half of a linear "
            + "layer of model.layers, which is all that is converted; fuse the adapter with mlx_lm.fuse and take the model");
      }
      boolean down = pair.group(3).equals("a");
      if (tensors.shape(name).dim(down ? 1 : 0) != rank) {
        throw new AdapterException(mlx.resolve(WEIGHTS) + ": " + name + " is " + tensors.shape(name) + ", and 'rank' is " + rank);
      }
      targets.add(pair.group(1));
      writer.add("base_model.model." + pair.group(1) + (down ? ".lora_A.weight" : ".lora_B.weight"),
          transposed(tensors.tensor(name), 1), DType.F32);
    }
    requirePairs(mlx.resolve(WEIGHTS), targets, tensors, "", ".lora_a", ".lora_b");
    ObjectNode tree = JSON.createObjectNode();
    tree.put("base_model_name_or_path", json.text("model", ""));
    tree.put("peft_type", LoraConfig.TYPE).put("task_type", "CAUSAL_LM").put("inference_mode", true);
    tree.put("r", rank).put("lora_alpha", lora.number("scale", 20) * rank); // MLX's own default
    tree.put("lora_dropout", lora.number("dropout", 0)).put("bias", "none").put("fan_in_fan_out", false);
    list(tree.putArray("target_modules"), targets);
    write(directory, writer, AdapterFiles.WEIGHTS, tree);
  }

  /**
   * Writes an adapter of PEFT as one of MLX, with the same answers.
   *
   * @throws AdapterException naming what MLX has no place for: other methods than plain LoRA, several ranks, biases, modules
   */
  public static void fromPeft(Path peft, Path directory) throws IOException {
    AdapterConfig config = AdapterFiles.config(peft);
    String why = !(config instanceof LoraConfig lora) ? "it is of the kind " + config.peftType()
        : lora.dora() ? "it has use_dora" : lora.loraBias() || lora.bias() != LoraConfig.Bias.NONE ? "it has biases"
        : !lora.modulesToSave().isEmpty() ? "it has modules_to_save " + lora.modulesToSave()
        : lora.init().takesFromBase() ? "init_lora_weights " + lora.init() + " changed its base" : null;
    if (why != null) {
      throw new AdapterException(peft + ": " + why + ", and MLX takes plain LoRA; merge it (hone merge) and take the model");
    }
    LoraConfig lora = (LoraConfig) config;
    Safetensors tensors = Safetensors.open(peft.resolve(AdapterFiles.WEIGHTS));
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "mlx");
    TreeSet<String> paths = new TreeSet<>();
    TreeSet<String> keys = new TreeSet<>();
    float scale = (float) (lora.alpha() / (lora.rslora() ? Math.sqrt(lora.r()) : lora.r()));
    for (String name : new TreeSet<>(tensors.names())) {
      Matcher pair = PEFT_PAIR.matcher(name);
      if (!pair.matches()) {
        throw new AdapterException(peft.resolve(AdapterFiles.WEIGHTS) + ": " + name + " is no half of a linear layer of "
            + "model.layers, which is all that MLX's names are known of; merge it (hone merge) and take the model");
      }
      String path = pair.group(1);
      if (lora.rank(path) != lora.r()) {
        throw new AdapterException(peft + ": " + path + " has rank " + lora.rank(path) + ", others " + lora.r()
            + ", and MLX has one rank for all; merge it (hone merge) and take the model");
      }
      paths.add(path);
      keys.add(pair.group(2) == null ? path : pair.group(2));
      boolean down = pair.group(3).equals("A");
      writer.add(path + (down ? ".lora_a" : ".lora_b"),
          transposed(tensors.tensor(name), down ? 1 : (double) lora.scale(path) / scale), DType.F32);
    }
    requirePairs(peft.resolve(AdapterFiles.WEIGHTS), paths, tensors, "base_model.model.", ".lora_A.weight", ".lora_B.weight");
    ObjectNode tree = JSON.createObjectNode();
    String base = AdapterFiles.baseModel(peft);
    tree.put("model", base == null ? "" : base).put("fine_tune_type", "lora").put("num_layers", -1); // all of them
    ObjectNode settings = tree.putObject(SETTINGS);
    settings.put("rank", lora.r()).put("scale", Double.parseDouble(Float.toString(scale)))
        .put("dropout", Double.parseDouble(Float.toString(lora.dropout())));
    list(settings.putArray("keys"), keys);
    write(directory, writer, WEIGHTS, tree);
  }

  private static void requirePairs(Path file, TreeSet<String> paths, Safetensors tensors, String prefix, String... halves) {
    if (paths.isEmpty()) {
      throw new AdapterException(file + " holds no tensors");
    }
    for (String path : paths) {
      for (String half : halves) {
        if (!tensors.contains(prefix + path + half)) {
          throw new AdapterException(file + ": " + prefix + path + half + " is missing");
        }
      }
    }
  }

  private static void list(ArrayNode array, TreeSet<String> texts) {
    texts.forEach(array::add);
  }

  private static void write(Path directory, SafetensorsWriter writer, String weights, ObjectNode config) throws IOException {
    Files.createDirectories(directory);
    writer.write(directory.resolve(weights));
    AtomicFile.writeString(directory.resolve(AdapterFiles.CONFIG), JSON.writeValueAsString(config) + "\n");
  }

  private static ConfigReader settings(Path directory) {
    return ConfigReader.read(directory.resolve(AdapterFiles.CONFIG), AdapterException::new);
  }

  private static Tensor transposed(Tensor matrix, double factor) {
    int rows = matrix.dim(0);
    int columns = matrix.dim(1);
    float[] from = matrix.toFloatArray();
    float[] to = new float[from.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        to[column * rows + row] = (float) (factor * from[row * columns + column]);
      }
    }
    return Tensor.of(to, columns, rows);
  }
}
