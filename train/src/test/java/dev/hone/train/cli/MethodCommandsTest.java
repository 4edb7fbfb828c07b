package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.io.Safetensors;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.train.TinyLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Methods, merging, combining and forgetting on the command line. */
class MethodCommandsTest {
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

  private CommandRun train(String out, Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--task", "generate", "--model", model, "--data", data, "--output-dir",
        directory.resolve(out), "--num-train-epochs", 2, "--save-total-limit", 0));
    words.addAll(List.of(more));
    return CommandRun.of(words.toArray());
  }

  private double loss(Path evaluated, Path adapter) {
    List<Object> words = new ArrayList<>(List.of("evaluate", "--task", "generate", "--data", data, "--json",
        "--model", evaluated));
    words.addAll(adapter == null ? List.of() : List.of("--adapter", adapter));
    JsonNode result = JsonMapper.shared().readTree(CommandRun.of(words.toArray()).assertDone().out());
    return result.path("loss").asDouble();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora --use-dora --use-rslora --rank-pattern q_proj=2", "lora --init-lora-weights pissa",
      "lora --loraplus-lr-ratio 16 --layers-to-transform 0", "ia3", "prompt --num-virtual-tokens 4",
      "prompt --prompt-tuning-init text --prompt-tuning-init-text ab --num-virtual-tokens 2", "prefix --num-virtual-tokens 4",
      "bottleneck --bottleneck-size 4 --bottleneck-placement houlsby", "head", "last-n --last-n 1"})
  void everyMethodTrainsAndItsAdapterIsReadAgain(String method) {
    List<Object> words = new ArrayList<>(List.of("--method"));
    words.addAll(List.of(method.split(" ")));
    CommandRun run = train("out", words.toArray()).assertDone();
    assertTrue(run.err().matches(
        "(?s).*trainable params: [\\d,]+ \\|\\| all params: [\\d,]+ \\|\\| trainable%: [\\d.]+\n.*"), run.err());
    Path adapter = directory.resolve("out/adapter");
    assertTrue(loss(model, adapter) > 0);
    CommandRun info = CommandRun.of("adapter", "info", "--adapter", adapter, "--model", model).assertDone();
    assertTrue(info.out().contains("fits " + model) && info.out().contains("trainable params"), info.out());
  }

  @Test
  void longListsOfModulesGoOnBelowTheirBeginning() throws IOException {
    train("out").assertDone();
    Path file = directory.resolve("out/adapter/adapter_config.json");
    List<String> names = IntStream.range(0, 40).mapToObj(i -> "layers." + i + ".self_attn.q_proj").sorted().toList();
    Files.writeString(file, Files.readString(file).replaceFirst("\"target_modules\"\\s*:\\s*\\[[^\\]]*\\]",
        "\"target_modules\": [\"" + String.join("\", \"", names) + "\"]"));
    String info = CommandRun.of("adapter", "info", "--adapter", directory.resolve("out/adapter")).assertDone().out();
    assertTrue(info.lines().allMatch(line -> line.length() <= 100), info);
    String targets = info.replaceAll(",\n {25}", ", ").lines().filter(line -> line.contains("target_modules")).findFirst()
        .orElseThrow();
    assertTrue(names.stream().allMatch(targets::contains), info);
  }

  @Test
  void whatIsMergedAnswersLikeTheBaseWithItsAdapter() {
    train("out").assertDone();
    Path adapter = directory.resolve("out/adapter");
    Path merged = directory.resolve("merged");
    CommandRun run = CommandRun.of("merge", "--model", model, "--adapter", adapter, "--output-dir", merged).assertDone();
    assertTrue(run.err().contains("changed by at most"), run.err());
    assertEquals(loss(model, adapter), loss(merged, null), 1e-5);
    CommandRun.of("merge", "--model", model, "--adapter", adapter, "--output-dir", merged).assertUserError("not empty");
    CommandRun.of("merge", "--model", model, "--adapter", adapter, "--output-dir", directory.resolve("x"), "--dtype", "int8")
        .assertUserError("--dtype must be float32, bfloat16 or float16, is 'int8'");
    train("prompt", "--method", "prompt").assertDone();
    CommandRun.of("merge", "--model", model, "--adapter", directory.resolve("prompt/adapter"), "--output-dir",
        directory.resolve("y")).assertUserError("PROMPT_TUNING cannot be merged");
    assertFalse(Files.exists(directory.resolve("y")), "nothing is written for what cannot be merged");
  }

  @Test
  void aMergeLeavesWhatHasNoAdapterInTheBitsOfItsBase() throws IOException {
    Path half = directory.resolve("half");
    PretrainedModel.load(model, Task.CAUSAL_LM).save(half, DType.BF16);
    Files.move(half.resolve("model.safetensors"), model.resolve("model.safetensors"), StandardCopyOption.REPLACE_EXISTING);
    train("out", "--target-modules", "q_proj").assertDone();
    Path merged = directory.resolve("merged");
    CommandRun.of("merge", "--model", model, "--adapter", directory.resolve("out/adapter"), "--output-dir", merged).assertDone();
    Safetensors before = Safetensors.open(model.resolve("model.safetensors"));
    Safetensors after = Safetensors.open(merged.resolve("model.safetensors"));
    for (String name : before.names()) {
      assertEquals(name.contains("q_proj") ? DType.F32 : DType.BF16, after.dtype(name), name);
      assertTrue(name.contains("q_proj") || before.tensor(name).segment().mismatch(after.tensor(name).segment()) < 0, name);
    }
  }

  @Test
  void theMergedModelHasTheAdaptersChatTemplateAndGenerationSettings() throws IOException {
    train("out").assertDone();
    Path adapter = directory.resolve("out/adapter");
    String template = "<{{ messages[0].content }}>";
    Path file = Files.writeString(adapter.resolve("chat_template.jinja"), template);
    String settings = "{\"eos_token_id\": 1, \"max_new_tokens\": 7}";
    Files.writeString(adapter.resolve("generation_config.json"), settings);
    for (String out : List.of("merged", "merged-too")) {
      Path merged = directory.resolve(out);
      CommandRun.of("merge", "--model", model, "--adapter", adapter, "--output-dir", merged).assertDone();
      assertEquals(template, Files.readString(merged.resolve("chat_template.jinja")));
      assertEquals(settings, Files.readString(merged.resolve("generation_config.json")));
      Files.deleteIfExists(file); // the second time it stands where older versions of transformers write it
      Files.writeString(adapter.resolve("tokenizer_config.json"), "{\"chat_template\": \"" + template + "\"}");
    }
  }

  @Test
  void halfAndHalfOfOneAdapterIsThatAdapter() {
    train("out").assertDone();
    Path adapter = directory.resolve("out/adapter");
    for (String how : List.of("cat", "svd")) {
      Path combined = directory.resolve(how);
      CommandRun.of("adapter", "combine", "--model", model, "--adapters", adapter + "," + adapter, "--weights", "0.5,0.5",
          "--combination-type", how, "--output-dir", combined).assertDone();
      assertEquals(loss(model, adapter), loss(model, combined), 1e-5, how);
    }
    CommandRun.of("adapter", "combine", "--model", model, "--adapters", adapter, "--weights", "1", "--output-dir",
        directory.resolve("z")).assertUserError("give at least two");
    CommandRun.of("adapter", "mix").assertUserError("say info, combine or convert");
  }

  private static float[] logits(PretrainedModel tuned) {
    return tuned.forward(TokenBatch.of(List.of(new int[] {5, 6, 7, 8, 9, 10, 5, 9})), Pass.inference()).value().toFloatArray();
  }

  /** The largest difference of any logit from the base's. */
  private double distance(String out) {
    Path adapter = directory.resolve(out).resolve("adapter");
    PretrainedModel tuned = AdapterFiles.base(adapter, model);
    float[] base = logits(tuned);
    AdapterFiles.load(adapter, tuned);
    float[] now = logits(tuned);
    double largest = 0;
    for (int i = 0; i < base.length; i++) {
      largest = Math.max(largest, Math.abs(base[i] - now[i]));
    }
    return largest;
  }

  @Test
  void theProbeIsReportedAndThePenaltyKeepsAnswersNearTheBase() throws IOException {
    Path general = Files.writeString(directory.resolve("general.txt"), "7 is less than 8 and ba is not ab. ".repeat(20));
    List<Object> flags = List.of("--probe", general, "--learning-rate", "0.02", "--target-modules", "all-linear");
    CommandRun run = train("free", flags.toArray()).assertDone();
    assertTrue(run.err().matches("(?s).*general text \\(\\d+ tokens\\): loss [\\d.]+ before, [\\d.]+ after, change [+-][\\d.]+; "
        + "perplexity .*"), run.err());
    List<Object> held = new ArrayList<>(flags);
    held.addAll(List.of("--kl-penalty", "10"));
    train("held", held.toArray()).assertDone();
    assertTrue(distance("held") < distance("free"), distance("held") + " with the penalty, " + distance("free") + " without");
  }

  @Test
  void whatDoesNotBelongToTheMethodIsAnError() {
    train("out", "--method", "ia3", "--lora-r", "4").assertUserError("--lora-r is for --method lora, not for ia3");
    train("out", "--bias", "some").assertUserError("--bias must be one of none, all, lora_only, is 'some'");
    train("out", "--rank-pattern", "q_proj").assertUserError("--rank-pattern must be written NAME=VALUE");
    train("out", "--init-lora-weights", "magic").assertUserError("init_lora_weights 'magic' is not known");
    train("out", "--method", "full", "--kl-penalty", "1").assertUserError("kl_penalty compares with the base");
    train("out2", "--method", "prompt", "--prompt-tuning-init", "text").assertUserError("belong together");
    train("out2", "--method", "bitfit").assertUserError("bitfit trains biases");
  }
}
