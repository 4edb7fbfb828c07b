package dev.hone.tokenizer.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplatesTest {
  @TempDir
  Path directory;

  private void file(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private String failure() {
    ChatTemplateException e = assertThrows(ChatTemplateException.class, () -> ChatTemplates.read(directory));
    assertEquals(ChatTemplateException.Kind.FILE, e.kind());
    return e.getMessage();
  }

  @Test
  void aDirectoryWithoutTemplatesIsEmpty() throws IOException {
    ChatTemplates templates = ChatTemplates.read(directory);
    assertTrue(templates.isEmpty());
    assertEquals("the tokenizer has no chat template; give one, as a chat_template.jinja beside it",
        assertThrows(ChatTemplateException.class, () -> templates.choose(false)).getMessage());
  }

  @Test
  void theConfigHoldsOneTemplateAndTheSpecialTokens() throws IOException {
    file("tokenizer_config.json", "{\"chat_template\": \"{{ bos_token }}x\", \"bos_token\": {\"content\": \"<s>\","
        + " \"lstrip\": false}, \"eos_token\": \"</s>\", \"pad_token\": null}");
    file("special_tokens_map.json", "{\"eos_token\": \"other\", \"unk_token\": {\"content\": \"<unk>\"}}");
    ChatTemplates templates = ChatTemplates.read(directory);
    assertEquals(Map.of("default", "{{ bos_token }}x"), templates.sources());
    assertEquals(Map.of("bos_token", "<s>", "eos_token", "</s>", "unk_token", "<unk>"), templates.specialTokens());
    assertEquals("<s>x", templates.choose(true).render(List.of(Map.of("role", "user")),
        ChatOptions.DEFAULT.withVariables(templates.specialTokens())).text());
  }

  @Test
  void namedTemplatesAreChosenByWhetherThereAreTools() throws IOException {
    file("tokenizer_config.json", "{\"chat_template\": [{\"name\": \"default\", \"template\": \"d\"},"
        + " {\"name\": \"tool_use\", \"template\": \"t\"}, {\"name\": \"rag\", \"template\": \"{{\"}]}");
    ChatTemplates templates = ChatTemplates.read(directory);
    assertEquals("d", templates.choose(false).source());
    assertEquals("t", templates.choose(true).source());
    assertEquals(ChatTemplateException.Kind.SYNTAX,
        assertThrows(ChatTemplateException.class, () -> templates.named("rag")).kind());
    assertEquals("there is no chat template named 'x'; there are [default, rag, tool_use]",
        assertThrows(ChatTemplateException.class, () -> templates.named("x")).getMessage());
  }

  @Test
  void severalTemplatesWithoutADefaultAskForAChoice() throws IOException {
    file("chat_template.json", "{\"chat_template\": {\"a\": \"1\", \"b\": \"2\"}}");
    ChatTemplates templates = ChatTemplates.read(directory);
    assertEquals("the tokenizer has several chat templates and none is the default; choose one of [a, b]",
        assertThrows(ChatTemplateException.class, () -> templates.choose(false)).getMessage());
    assertEquals("2", templates.named("b").source());
  }

  @Test
  void aJinjaFileGoesBeforeTheConfig() throws IOException {
    file("tokenizer_config.json", "{\"chat_template\": \"config\", \"bos_token\": \"<s>\"}");
    file("chat_template.jinja", "file\n");
    file("additional_chat_templates/tool_use.jinja", "tools");
    ChatTemplates templates = ChatTemplates.read(directory);
    assertEquals(Map.of("default", "file\n", "tool_use", "tools"), templates.sources());
    assertEquals("<s>", templates.specialTokens().get("bos_token"));
  }

  @Test
  void aStoredTemplateIsReadBackByteForByte() throws IOException {
    String source = "{# \u00e9 #}{{ 1 }}\r\n\n";
    ChatTemplates.write(directory, ChatTemplate.parse("old"));
    ChatTemplates.write(directory, ChatTemplate.parse(source));
    assertEquals(source, ChatTemplates.read(directory).choose(false).source());
    assertEquals(List.of("chat_template.jinja"), Arrays.asList(directory.toFile().list()));
  }

  @Test
  void damagedFilesAreNamed() throws IOException {
    file("tokenizer_config.json", "{\"chat_template\": ");
    assertTrue(failure().startsWith("reading a chat template from " + directory.resolve("tokenizer_config.json")
        + ": it is not valid JSON ("));
    file("tokenizer_config.json", "{\"chat_template\": 5}");
    assertTrue(failure().endsWith("chat_template is a NUMBER; it must be a string or a list of objects with a name and a"
        + " template"));
    file("tokenizer_config.json", "{\"chat_template\": [{\"name\": \"x\"}]}");
    assertTrue(failure().endsWith("template of a chat_template entry must be a string, got MISSING"));
    Files.write(directory.resolve("chat_template.jinja"), "\u00e9".getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(failure().endsWith("it is not valid UTF-8"));
  }

  @Test
  void anEnormousTemplateIsNotRead() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(directory.resolve("chat_template.jinja").toFile(), "rw")) {
      file.setLength(1L << 32);   // sparse: takes no room
    }
    assertTrue(failure().endsWith("it has 4294967296 bytes, more than the 4194304 that are read"));
  }
}
