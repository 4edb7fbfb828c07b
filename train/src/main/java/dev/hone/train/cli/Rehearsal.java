package dev.hone.train.cli;

import dev.hone.core.DType;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.TrainConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A training, an evaluation, a prediction, a vector and some words with tiny models of its own, run once by the launcher: it
 * loads the classes that users' runs will need, for the JVM to archive at its end.
 */
final class Rehearsal {
  private static final int ROWS = 48;
  private static final String SHAPE = """
      {"model_type": "bert", "architectures": ["BertModel"], "vocab_size": 400, "hidden_size": 32, "num_hidden_layers": 1,
       "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64, "type_vocab_size": 2,
       "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}""";

  private static final String DECODER = """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 400, "hidden_size": 64,
       "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 64,
       "max_position_embeddings": 64}""";

  private final Path directory;
  private final Console console;

  private Rehearsal(Path directory, Console console) {
    this.directory = directory;
    this.console = console;
  }

  /**
   * Ends the process with exit code 0 if all went well.
   *
   * @param arguments an empty directory to work in
   */
  public static void main(String[] arguments) throws IOException {
    PrintStream nothing = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    System.exit(run(Path.of(arguments[0]), new Console(InputStream.nullInputStream(), nothing, System.err, false)));
  }

  /** Works in an empty directory; returns the first exit code that is not 0, or 0. */
  static int run(Path directory, Console console) throws IOException {
    return new Rehearsal(directory, console).run();
  }

  private int run() throws IOException {
    Path rows = Files.write(directory.resolve("rows.csv"), reviews());
    Path config = Files.writeString(directory.resolve("shape.json"), SHAPE);
    Path model = directory.resolve("model");
    Path decoder = directory.resolve("decoder");
    ModelLoader.ofConfig(config).task(Task.EMBEDDING).seed(1).load().save(model, DType.F32, Long.MAX_VALUE);
    ModelLoader.ofConfig(Files.writeString(directory.resolve("decoder.json"), DECODER)).task(Task.CAUSAL_LM).seed(1).load()
        .save(decoder, DType.BF16, Long.MAX_VALUE);
    Path out = directory.resolve("out");
    List<List<Object>> commands = List.of(
        List.of("tokenizer", "train", "--data", rows, "--kind", "wordpiece", "--vocab-size", 400, "--output-dir",
            directory.resolve("tokenizer"), "--quiet"),
        List.of("train", "--model", model, "--data", rows, "--output-dir", out, "--target-modules", "all-linear", "--max-steps",
        4,
            "--batch-size", 8, "--max-length", 32, "--quiet"),
        List.of("evaluate", "--model", model, "--adapter", out.resolve("adapter"), "--data", rows),
        List.of("predict", "--model", model, "--adapter", out.resolve("adapter"), "works like a charm"),
        List.of("embed", "--model", model, "works like a charm"),
        List.of("generate", "--model", decoder, "--max-new-tokens", 4, "works like a charm"));
    for (List<Object> command : commands) {
      int code = Main.run(command.stream().map(Object::toString).toArray(String[]::new), console);
      if (code != 0) {
        return code;
      }
      if (command.getFirst().equals("tokenizer")) {
        Files.copy(directory.resolve("tokenizer/tokenizer.json"), model.resolve("tokenizer.json"));
        Files.copy(directory.resolve("tokenizer/tokenizer.json"), decoder.resolve("tokenizer.json"));
      }
    }
    new AnswerPass(decoder, Task.CAUSAL_LM, null).run(1); // that of large models
    return 0;
  }

  /** The first rows of the demo's. */
  private static List<String> reviews() throws IOException {
    try (InputStream in = TrainConfig.class.getResourceAsStream("demo/reviews-train.csv");
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines.lines().limit(ROWS).toList();
    }
  }
}
