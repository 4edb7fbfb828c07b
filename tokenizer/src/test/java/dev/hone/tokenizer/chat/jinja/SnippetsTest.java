package dev.hone.tokenizer.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.InputStream;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every feature in a line: what Jinja printed for it, or that it failed and why, recorded by make_expected.py. */
@Tag("chat-templates")
class SnippetsTest {
  @TestFactory
  Stream<DynamicTest> everySnippetRendersAsJinjaDoes() {
    JsonNode file = read("snippets.json");
    Map<String, JsonNode> variables = new HashMap<>();
    read("variables.json").properties().forEach(e -> variables.put(e.getKey(), e.getValue()));
    LocalDateTime now = LocalDateTime.parse(file.get("now").stringValue());
    Clock clock = Clock.fixed(now.toInstant(ZoneOffset.UTC), ZoneOffset.UTC);
    return StreamSupport.stream(file.get("cases").spliterator(), false).map(row -> DynamicTest.dynamicTest(
        row.get("section").stringValue() + ": " + row.get("template").stringValue(),
        () -> check(row, variables, clock)));
  }

  private static JsonNode read(String name) {
    InputStream file = SnippetsTest.class.getResourceAsStream("/chat-templates/" + name);
    return JsonMapper.shared().readTree(file);
  }

  private static void check(JsonNode row, Map<String, ?> variables, Clock clock) {
    String source = row.get("template").stringValue();
    if (row.has("text")) {
      assertEquals(row.get("text").stringValue(), Template.parse(source).render(variables, clock).text());
      return;
    }
    JinjaException thrown = assertThrows(JinjaException.class,
        () -> Template.parse(source).render(variables, clock));
    JinjaException.Kind kind = kind(row.get("error").get("kind").stringValue());
    assertEquals(kind, thrown.kind(), thrown::getMessage);
    assertEquals(1, thrown.line(), thrown::getMessage);
    if (kind == JinjaException.Kind.RAISED || kind == JinjaException.Kind.UNDEFINED) {
      assertEquals(row.get("error").get("message").stringValue(), thrown.reason());
    }
  }

  private static JinjaException.Kind kind(String recorded) {
    return switch (recorded) {
      case "syntax" -> JinjaException.Kind.SYNTAX;
      case "raise_exception" -> JinjaException.Kind.RAISED;
      case "undefined" -> JinjaException.Kind.UNDEFINED;
      case "security" -> JinjaException.Kind.SECURITY;
      case "limit" -> JinjaException.Kind.LIMIT;
      case "python" -> JinjaException.Kind.VALUE;
      default -> fail("unknown kind of error " + recorded);
    };
  }
}
