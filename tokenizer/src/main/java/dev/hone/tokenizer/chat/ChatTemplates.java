package dev.hone.tokenizer.chat;

import dev.hone.tokenizer.chat.ChatTemplateException.Kind;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The chat templates and special tokens of a model directory, as text: what is not chosen is never parsed.
 *
 * @param sources templates by name; a single one is called {@code default}
 * @param specialTokens {@code bos_token} and its like, as templates name them
 */
public record ChatTemplates(Map<String, String> sources, Map<String, String> specialTokens) {
  /** The file that holds the template in a model or adapter directory. */
  public static final String FILE = "chat_template.jinja";

  private static final String DEFAULT = "default";
  private static final String MORE = "additional_chat_templates";
  private static final long MAX_TEMPLATE_BYTES = 4 << 20;
  private static final long MAX_CONFIG_BYTES = 64 << 20;
  private static final List<String> SPECIAL_TOKENS =
      List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

  /** Copies the maps, in their order. */
  public ChatTemplates {
    sources = Collections.unmodifiableMap(new LinkedHashMap<>(sources));
    specialTokens = Collections.unmodifiableMap(new LinkedHashMap<>(specialTokens));
  }

  /**
   * Reads what a directory has, in the order in which transformers prefers it: {@code chat_template.jinja} (with
   * {@code additional_chat_templates/*.jinja}), {@code chat_template} in {@code tokenizer_config.json} (one text, or a
   * list of named ones), {@code chat_template.json}. There may be none at all.
   *
   * @throws ChatTemplateException naming the file, if one is damaged or too large
   * @throws IOException if a file cannot be read
   */
  public static ChatTemplates read(Path directory) throws IOException {
    JsonNode config = json(directory.resolve("tokenizer_config.json"));
    Map<String, String> sources = jinjaFiles(directory);
    if (sources.isEmpty() && config != null) {
      sources = named(config.path("chat_template"), directory.resolve("tokenizer_config.json"));
    }
    Path legacy = directory.resolve("chat_template.json");
    JsonNode old = sources.isEmpty() ? json(legacy) : null;
    if (old != null) {
      sources = named(old.path("chat_template"), legacy);
    }
    return new ChatTemplates(sources, specialTokens(config, json(directory.resolve("special_tokens_map.json"))));
  }

  private static Map<String, String> jinjaFiles(Path directory) throws IOException {
    Map<String, String> sources = new LinkedHashMap<>();
    if (Files.isRegularFile(directory.resolve(FILE))) {
      sources.put(DEFAULT, text(directory.resolve(FILE), MAX_TEMPLATE_BYTES));
    }
    if (Files.isDirectory(directory.resolve(MORE))) {
      List<Path> files = new ArrayList<>();
      try (DirectoryStream<Path> more = Files.newDirectoryStream(directory.resolve(MORE), "*.jinja")) {
        more.forEach(files::add);
      }
      Collections.sort(files);
      for (Path file : files) {
        String name = file.getFileName().toString();
        sources.put(name.substring(0, name.length() - ".jinja".length()), text(file, MAX_TEMPLATE_BYTES));
      }
    }
    return sources;
  }

  private static Map<String, String> named(JsonNode node, Path file) {
    Map<String, String> sources = new LinkedHashMap<>();
    switch (node.getNodeType()) {
      case MISSING, NULL -> { }
      case STRING -> sources.put(DEFAULT, node.stringValue());
      case ARRAY -> {
        for (JsonNode entry : node) {
          sources.put(string(entry.path("name"), "name", file), string(entry.path("template"), "template", file));
        }
      }
      case OBJECT -> node.properties().forEach(e -> sources.put(e.getKey(), string(e.getValue(), e.getKey(), file)));
      default -> throw damaged(file, "chat_template is a " + node.getNodeType()
          + "; it must be a string or a list of objects with a name and a template", null);
    }
    return sources;
  }

  private static String string(JsonNode node, String what, Path file) {
    if (!node.isString()) {
      throw damaged(file, what + " of a chat_template entry must be a string, got " + node.getNodeType(), null);
    }
    return node.stringValue();
  }

  private static Map<String, String> specialTokens(JsonNode config, JsonNode map) {
    Map<String, String> tokens = new LinkedHashMap<>();
    for (String name : SPECIAL_TOKENS) {
      String token = token(config, name);
      if (token == null) {
        token = token(map, name);
      }
      if (token != null) {
        tokens.put(name, token);
      }
    }
    return tokens;
  }

  /** A token is written as its text, or as an object with its text and how it is matched. */
  private static String token(JsonNode config, String name) {
    JsonNode token = config == null ? null : config.get(name);
    if (token != null && token.isObject()) {
      token = token.get("content");
    }
    return token != null && token.isString() ? token.stringValue() : null;
  }

  private static JsonNode json(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    try {
      return JsonMapper.shared().readTree(text(file, MAX_CONFIG_BYTES));
    } catch (JacksonException e) {
      throw damaged(file, "it is not valid JSON (" + e.getOriginalMessage() + ")", e);
    }
  }

  private static String text(Path file, long most) throws IOException {
    long size = Files.size(file);
    if (size > most) {
      throw damaged(file, "it has " + size + " bytes, more than the " + most + " that are read", null);
    }
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw damaged(file, "it is not valid UTF-8", e);
    }
  }

  private static ChatTemplateException damaged(Path file, String why, Exception cause) {
    return ChatTemplateException.of(Kind.FILE, "reading a chat template from " + file + ": " + why, cause);
  }

  /** {@return whether there is any template} */
  public boolean isEmpty() {
    return sources.isEmpty();
  }

  /**
   * Parses the template for a conversation: the one named {@code tool_use} if there are tools and such a one, else the
   * one named {@code default}.
   *
   * @throws ChatTemplateException if there is none, or it is malformed
   */
  public ChatTemplate choose(boolean withTools) {
    String name = withTools && sources.containsKey("tool_use") ? "tool_use" : DEFAULT;
    if (sources.isEmpty()) {
      throw ChatTemplateException.of(Kind.FILE, "the tokenizer has no chat template; give one, as a " + FILE
          + " beside it");
    }
    if (!sources.containsKey(name)) {
      throw ChatTemplateException.of(Kind.FILE, "the tokenizer has several chat templates and none is the default;"
          + " choose one of " + new TreeSet<>(sources.keySet()));
    }
    return named(name);
  }

  /**
   * Parses the template of a name.
   *
   * @throws ChatTemplateException if there is none, or it is malformed
   */
  public ChatTemplate named(String name) {
    String source = sources.get(name);
    if (source == null) {
      throw ChatTemplateException.of(Kind.FILE, "there is no chat template named '" + name + "'; there are "
          + new TreeSet<>(sources.keySet()));
    }
    return ChatTemplate.parse(source);
  }

  /**
   * Stores a template as a directory's {@code chat_template.jinja}: written beside and renamed, so that a crash leaves
   * the old file or none.
   *
   * @throws IOException if it cannot be written
   */
  public static void write(Path directory, ChatTemplate template) throws IOException {
    Path temporary = directory.resolve(FILE + ".tmp");
    try {
      Files.writeString(temporary, template.source());
      Files.move(temporary, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
