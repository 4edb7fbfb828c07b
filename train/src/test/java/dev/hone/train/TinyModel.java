package dev.hone.train;

import dev.hone.core.DType;
import dev.hone.nn.Backbone;
import dev.hone.nn.MeanPooling;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.bert.BertConfig;
import dev.hone.nn.bert.BertModel;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A model directory small enough to train in a blink: a random BERT with a WordPiece tokenizer of letters and a few words. */
public final class TinyModel {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final List<String> WORDS = List.of("good", "bad", "fine", "great", "awful", "the", "is", "it", "very");

  private TinyModel() {}

  /** Writes the directory; returns it. */
  public static Path write(Path directory) throws IOException {
    return write(directory, 16, 64);
  }

  /** Writes the directory with another width and number of positions. */
  public static Path write(Path directory, int width, int positions) throws IOException {
    Files.createDirectories(directory);
    List<String> vocabulary = vocabulary();
    ObjectNode config = JSON.createObjectNode();
    config.put("model_type", "bert").put("vocab_size", vocabulary.size()).put("hidden_size", width)
        .put("num_hidden_layers", 2).put("num_attention_heads", 4).put("intermediate_size", 2 * width)
        .put("max_position_embeddings", positions).put("type_vocab_size", 2).put("hidden_act", "gelu")
        .put("hidden_dropout_prob", 0.1).put("attention_probs_dropout_prob", 0.1).put("layer_norm_eps", 1e-12)
        .put("initializer_range", 0.2);
    config.putArray("architectures").add("BertModel");
    Files.writeString(directory.resolve("config.json"), JSON.writeValueAsString(config));
    ConfigReader reader = ConfigReader.read(directory.resolve("config.json"));
    BertConfig bert = BertConfig.read(reader);
    Backbone backbone = BertModel.load(bert, Weights.random(7, 0.2f));
    new PretrainedModel(bert, Task.EMBEDDING, null, reader.tree(), backbone, new MeanPooling(), Set.of(), Map.of(), Map.of(),
        null)
        .save(directory, DType.F32);
    Files.writeString(directory.resolve("tokenizer.json"), JSON.writeValueAsString(tokenizer(vocabulary)));
    return directory;
  }

  private static List<String> vocabulary() {
    List<String> tokens = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    for (char c = 'a'; c <= 'z'; c++) {
      tokens.add(Character.toString(c));
      tokens.add("##" + c);
    }
    tokens.addAll(WORDS);
    return tokens;
  }

  private static ObjectNode tokenizer(List<String> vocabulary) {
    ObjectNode tree = JSON.createObjectNode();
    tree.put("version", "1.0").putNull("truncation").putNull("padding");
    for (int i = 0; i < 5; i++) {
      tree.withArray("added_tokens").addObject().put("id", i).put("content", vocabulary.get(i)).put("single_word", false)
          .put("lstrip", false).put("rstrip", false).put("normalized", false).put("special", true);
    }
    tree.putObject("normalizer").put("type", "BertNormalizer").put("clean_text", true).put("handle_chinese_chars", true)
        .putNull("strip_accents").put("lowercase", true);
    tree.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    ObjectNode post = tree.putObject("post_processor").put("type", "TemplateProcessing");
    post.putArray("single").addObject().putObject("SpecialToken").put("id", "[CLS]").put("type_id", 0);
    post.withArray("single").addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    post.withArray("single").addObject().putObject("SpecialToken").put("id", "[SEP]").put("type_id", 0);
    post.putArray("pair").addAll(post.withArray("single").deepCopy());
    post.withArray("pair").addObject().putObject("Sequence").put("id", "B").put("type_id", 1);
    post.withArray("pair").addObject().putObject("SpecialToken").put("id", "[SEP]").put("type_id", 1);
    ObjectNode special = post.putObject("special_tokens");
    for (int id : new int[] {2, 3}) {
      ObjectNode token = special.putObject(vocabulary.get(id)).put("id", vocabulary.get(id));
      token.putArray("ids").add(id);
      token.putArray("tokens").add(vocabulary.get(id));
    }
    tree.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
    ObjectNode model = tree.putObject("model").put("type", "WordPiece").put("unk_token", "[UNK]")
        .put("continuing_subword_prefix", "##").put("max_input_chars_per_word", 100);
    ObjectNode vocab = model.putObject("vocab");
    for (int i = 0; i < vocabulary.size(); i++) {
      vocab.put(vocabulary.get(i), i);
    }
    return tree;
  }

  /** Rows that even this model can learn: a word decides the label. */
  public static String reviews(int rows) {
    StringBuilder text = new StringBuilder("text,label\n");
    String[] good = {"good", "great", "fine"};
    String[] bad = {"bad", "awful", "not good"};
    for (int i = 0; i < rows; i++) {
      boolean positive = i % 2 == 0;
      text.append("it is ").append(i % 3 == 0 ? "very " : "").append((positive ? good : bad)[i / 2 % 3]).append(' ')
          .append((char) ('a' + i % 26)).append((char) ('a' + i / 26 % 26)).append(',')
          .append(positive ? "up" : "down").append('\n');
    }
    return text.toString();
  }
}
