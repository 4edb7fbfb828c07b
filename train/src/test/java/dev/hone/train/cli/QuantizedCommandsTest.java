package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.train.TinyLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** Bases in 4 and 8 bits on the command line. */
class QuantizedCommandsTest {
  @TempDir
  Path directory;

  private Path model;
  private Path data;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyLanguageModel.write(directory.resolve("tiny"));
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 24; i++) {
      rows.append("{\"prompt\": \"").append(i).append(" > \", \"completion\": \"ab\"}\n");
    }
    data = Files.writeString(directory.resolve("rows.jsonl"), rows);
  }

  private CommandRun train(Path base, String out, String... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--task", "generate", "--model", base, "--data", data, "--output-dir",
        directory.resolve(out), "--num-train-epochs", 3, "--learning-rate", 0.01, "--save-total-limit", 0));
    words.addAll(Arrays.asList(more));
    return CommandRun.of(words.toArray());
  }

  private double loss(Path base, Path adapter, String... more) {
    List<Object> words = new ArrayList<>(List.of("evaluate", "--task", "generate", "--data", data, "--json", "--model", base));
    words.addAll(adapter == null ? List.of() : List.of("--adapter", adapter));
    words.addAll(Arrays.asList(more));
    return JsonMapper.shared().readTree(CommandRun.of(words.toArray()).assertDone().out()).path("loss").asDouble();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--load-in-4bit", "--load-in-8bit", "--load-in-8bit --quant-type int8", "--bnb-4bit-quant-type nf4"})
  void aBaseInFewBitsIsTrainedOnEvaluatedAndGoneOnFrom(String flags) {
    String[] words = flags.split(" ");
    CommandRun run = train(model, "out", words).assertDone();
    assertTrue(run.err().matches("(?s).*base held in (nf4|q8_0|int8): [\\d.]+ MB of quantised weights, [\\d.]+ MB of others.*"),
        run.err());
    Path adapter = directory.resolve("out/adapter");
    assertTrue(loss(model, adapter, words) < loss(model, null, words));
    List<Object> generate = new ArrayList<>(List.of("generate", "--model", model, "--adapter", adapter, "--prompt", "1 > ",
        "--max-new-tokens", 2));
    generate.addAll(Arrays.asList(words));
    CommandRun.of(generate.toArray()).assertDone();
    CommandRun info = CommandRun.of("adapter", "info", "--adapter", adapter).assertDone();
    assertTrue(info.out().matches("(?s).*base held in +(nf4|q8_0|int8)\\n.*"), info.out());
    assertTrue(info.out().matches("(?s).*base +" + model + "\\n.*target_modules +q_proj, v_proj\\n.*"), info.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"nf4", "int8"})
  void aStoredCopyNeedsNoFlag(String type) {
    Path copy = directory.resolve("copy");
    CommandRun.of("quantize", "--model", model, "--output-dir", copy, "--quant-type", type).assertDone();
    assertEquals(loss(model, null, "--quant-type", type), loss(copy, null));
    train(copy, "out").assertDone();
    Path adapter = directory.resolve("out/adapter");
    Path merged = directory.resolve("merged");
    CommandRun merge = CommandRun.of("merge", "--model", copy, "--adapter", adapter, "--output-dir", merged).assertDone();
    assertTrue(merge.err().contains("went into the numbers that the base's " + type + " codes stand for"), merge.err());
    assertEquals(null, PretrainedModel.load(merged, Task.CAUSAL_LM).quantization());
    assertEquals(loss(copy, adapter), loss(merged, null), 1e-5);
    train(copy, "full", "--method", "full").assertUserError("is quantised (");
  }

  @Test
  void mergingSaysWhatTheAdapterWasTrainedOn() {
    train(model, "out", "--load-in-4bit").assertDone();
    Path adapter = directory.resolve("out/adapter");
    assertEquals(DType.NF4, AdapterFiles.quantization(adapter));
    Path exact = directory.resolve("exact");
    CommandRun merge = CommandRun.of("merge", "--model", model, "--adapter", adapter, "--output-dir", exact).assertDone();
    assertTrue(merge.err().matches("(?s).*trained on a base in nf4 and went into the weights as they are stored: answers differ "
        + "by up to \\S+ of the largest from those in training. --quant-type nf4 merges into what those codes stand for.*"),
        merge.err());
    assertEquals(loss(model, adapter), loss(exact, null), 1e-5);
    Path trained = directory.resolve("trained");
    merge = CommandRun.of("merge", "--model", model, "--adapter", adapter, "--output-dir", trained, "--quant-type", "nf4")
        .assertDone();
    assertEquals(loss(model, adapter, "--load-in-4bit"), loss(trained, null), 1e-5);
    train(model, "plain").assertDone();
    merge = CommandRun.of("merge", "--model", model, "--adapter", directory.resolve("plain/adapter"), "--output-dir",
        directory.resolve("third")).assertDone();
    assertFalse(merge.err().contains("nf4"), merge.err());
  }

  @Test
  void whatDoesNotFitIsSaid() {
    train(model, "a", "--load-in-4bit", "--method", "full").assertUserError("all weights are to be trained, which so few bits "
        + "cannot hold");
    train(model, "b", "--load-in-4bit", "--load-in-8bit").assertUserError("give one of them");
    train(model, "c", "--load-in-4bit", "--quant-type", "int8").assertUserError("--quant-type int8 does not fit");
    train(model, "d", "--quant-type", "fp4").assertUserError("--quant-type must be nf4, q8_0 or int8, is 'fp4'");
    train(model, "e", "--load-in-4bit", "--init-lora-weights", "pissa").assertUserError("is quantised (NF4)");
    CommandRun.of("quantize", "--model", model, "--output-dir", directory.resolve("f"), "--quant-type", "q8_0")
        .assertUserError("is made on load, by --load-in-8bit");
  }
}
