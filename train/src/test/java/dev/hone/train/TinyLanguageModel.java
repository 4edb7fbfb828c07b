package dev.hone.train;

import dev.hone.core.DType;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A directory of a random Llama small enough to train in a blink, with a tokenizer of bytes (plus one merge, {@code ": "}) and a
 * chat template. A text's tokens are {@code <s>} and its bytes; {@code </s>} ends it.
 */
public final class TinyLanguageModel {
  /** Id of {@code <s>}, which the tokenizer puts before every text. */
  public static final int BEGIN = 0;
  /** Id of {@code </s>}. */
  public static final int END = 1;
  /** How many ids there are. */
  public static final int VOCABULARY = 2 + 256 + 1;

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String TEMPLATE = "{{ bos_token }}{% for t in tools or [] %}T{{ t.name }};{% endfor %}"
      + "{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}"
      + "{% if add_generation_prompt %}[assistant]{% endif %}";

  private TinyLanguageModel() {}

  /** Writes the directory with weights, tokenizer and chat template; returns it. */
  public static Path write(Path directory) throws IOException {
    Files.createDirectories(directory);
    Path config = writeConfig(directory.resolve("config.json"));
    new ModelLoader(directory).task(Task.CAUSAL_LM).untrained().seed(3).load().save(directory, DType.F32);
    Files.writeString(config.resolveSibling("generation_config.json"), "{\"eos_token_id\": " + END + "}");
    writeTokenizer(directory);
    return directory;
  }

  /** Writes the {@code config.json} alone. */
  public static Path writeConfig(Path file) throws IOException {
    ObjectNode config = JSON.createObjectNode().put("model_type", "llama").put("vocab_size", VOCABULARY).put("hidden_size", 32)
        .put("num_hidden_layers", 2).put("num_attention_heads", 4).put("num_key_value_heads", 2).put("intermediate_size", 64)
        .put("max_position_embeddings", 128).put("tie_word_embeddings", true).put("initializer_range", 0.1)
        .put("eos_token_id", END);
    config.putArray("architectures").add("LlamaForCausalLM");
    return Files.writeString(file, JSON.writeValueAsString(config));
  }

  /** Writes {@code tokenizer.json} and {@code tokenizer_config.json}. */
  public static void writeTokenizer(Path directory) throws IOException {
    ObjectNode tree = JSON.createObjectNode();
    tree.put("version", "1.0");
    ObjectNode model = tree.putObject("model").put("type", "BPE").put("byte_fallback", false);
    ObjectNode vocabulary = model.putObject("vocab");
    List<String> special = List.of("<s>", "</s>");
    for (int id = 0; id < special.size(); id++) {
      vocabulary.put(special.get(id), id);
      tree.withArray("added_tokens").addObject().put("id", id).put("content", special.get(id)).put("single_word", false)
          .put("lstrip", false).put("rstrip", false).put("normalized", false).put("special", true);
    }
    int above = 256; // bytes that print stand for themselves, the others for characters from U+0100 on
    for (int b = 0; b < 256; b++) {
      boolean prints = b > ' ' && b < 127 || b > 160 && b != 173;
      vocabulary.put(Character.toString((char) (prints ? b : above++)), special.size() + b);
    }
    vocabulary.put(":\u0120", VOCABULARY - 1);
    model.putArray("merges").add(": \u0120");
    tree.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false).put("use_regex", false);
    tree.putObject("decoder").put("type", "ByteLevel");
    ObjectNode post = tree.putObject("post_processor").put("type", "TemplateProcessing");
    for (String kind : List.of("single", "pair")) {
      post.putArray(kind).addObject().putObject("SpecialToken").put("id", "<s>").put("type_id", 0);
      post.withArray(kind).addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    }
    post.withArray("pair").addObject().putObject("Sequence").put("id", "B").put("type_id", 0);
    ObjectNode begin = post.putObject("special_tokens").putObject("<s>").put("id", "<s>");
    begin.putArray("ids").add(BEGIN);
    begin.putArray("tokens").add("<s>");
    Files.writeString(directory.resolve("tokenizer.json"), JSON.writeValueAsString(tree));
    Files.writeString(directory.resolve("tokenizer_config.json"), JSON.writeValueAsString(JSON.createObjectNode()
        .put("bos_token", "<s>").put("eos_token", "</s>").put("chat_template", TEMPLATE)));
  }
}
