package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kind of a row is told by its keys, said aloud, and overruled by the user. */
class LanguageRowsTest {
  @TempDir
  Path directory;

  private Dataset<Example.Language> read(String name, String text, String columns) throws IOException {
    Path file = Files.writeString(directory.resolve(name), text);
    return name.endsWith(".txt") ? Dataset.language(file, DataOptions.DETECT.withColumns(columns))
        : BothWays.read(DataOptions.DETECT.withColumns(columns), options -> Dataset.language(file, options));
  }

  private Dataset<Example.Language> read(String text) throws IOException {
    return read("rows.jsonl", text, "");
  }

  @Test
  void promptsAndCompletions() throws IOException {
    Dataset<Example.Language> data = read("{\"prompt\": \"a \", \"completion\": \"b\", \"id\": 1}\n");
    assertEquals(new Example.Completion("a ", "b"), data.row(0));
    assertEquals("rows.jsonl: 1 row, JSON lines, prompt = column 'prompt', completion = column 'completion'; not read: 'id'",
        data.description());
  }

  @Test
  void instructionsWithAndWithoutAnInput() throws IOException {
    Dataset<Example.Language> data = read("""
        {"instruction": "add", "input": "1 2", "output": "3"}
        {"instruction": "greet", "input": "", "output": "hi"}
        """);
    assertEquals(new Example.Completion("add\n\n1 2", "3"), data.row(0));
    assertEquals(new Example.Completion("greet", "hi"), data.row(1));
  }

  @Test
  void conversationsKeepTheOrderOfTheirKeysAndTheirTools() throws IOException {
    Dataset<Example.Language> data = read("""
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": null}], \
        "tools": [{"name": "f", "n": 2}]}
        {"messages": [{"role": "user", "content": "ho"}]}
        """);
    Example.Chat chat = (Example.Chat) data.row(0);
    assertEquals(List.of("role", "content"), List.copyOf(chat.messages().getFirst().keySet()));
    assertEquals(List.of(Map.of("name", "f", "n", 2)), chat.tools());
    assertEquals(null, ((Example.Chat) data.row(1)).tools());
  }

  private static Map<String, Object> says(String role, Object content) {
    return Map.of("role", role, "content", content);
  }

  @Test
  void conversationsOfShareGptHaveTheRolesOfTemplates() throws IOException {
    Dataset<Example.Language> data = read("""
        {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "ho", "weight": 0}], "system": "be brief"}
        {"conversations": [{"from": "system", "value": "s"}, {"from": "User", "value": "u"}, \
        {"from": "observation", "value": "o"}]}
        {"conversations": [{"from": "function_call", "value": "{\\"name\\": \\"f\\", \\"arguments\\": {\\"x\\": 1}}"}]}
        """);
    assertEquals(List.of(says("system", "be brief"), says("user", "hi"),
        Map.of("role", "assistant", "content", "ho", "weight", 0)),
        ((Example.Chat) data.row(0)).messages());
    assertEquals(List.of(says("system", "s"), says("user", "u"), says("tool", "o")), ((Example.Chat) data.row(1)).messages());
    assertEquals(List.of(Map.of("role", "assistant", "content", "", "tool_calls", List.of(Map.of("type", "function", "function",
        Map.of("name", "f", "arguments", Map.of("x", 1)))))), ((Example.Chat) data.row(2)).messages());
    assertTrue(data.description().endsWith("messages = column 'conversations', system = column 'system'"), data.description());
    DataException e = assertThrows(DataException.class,
        () -> read("{\"conversations\": [{\"from\": \"narrator\", \"value\": \"hi\"}]}\n"));
    assertTrue(e.getMessage().contains("line 1: message 1 is from 'narrator', which is none of assistant, bard,"),
        e.getMessage());
    e = assertThrows(DataException.class,
        () -> read("{\"conversations\": [{\"from\": \"function_call\", \"value\": \"f(x)\"}]}\n"));
    assertTrue(e.getMessage().contains("line 1: message 1 is a function_call, and its value is not JSON"), e.getMessage());
  }

  @Test
  void partsOfContentsAreTextsWhateverTheirKey() throws IOException {
    List<Object> parts = List.of(Map.of("type", "text", "text", "a"));
    for (String part : List.of("{\"type\": \"text\", \"text\": \"a\"}", "{\"type\": \"text\", \"value\": \"a\"}", "{\"text\": "
        + "\"a\"}",
        "{\"type\": \"input_text\", \"text\": \"a\"}", "\"a\"")) {
      assertEquals(List.of(says("user", parts)),
          ((Example.Chat) read("{\"messages\": [{\"role\": \"user\", \"content\": [" + part + "]}]}\n").row(0)).messages());
    }
    for (String part : List.of("{\"type\": \"image_url\", \"image_url\": \"x\"}", "{\"type\": \"text\", \"words\": "
        + "\"a\"}", "7")) {
      DataException e = assertThrows(DataException.class,
          () -> read("{\"messages\": [{\"role\": \"user\", \"content\": [" + part + "]}]}\n"));
      assertTrue(e.getMessage().contains("line 1: message 1 has a part that is no text, " + part.substring(0, 1)),
          e.getMessage());
    }
  }

  @Test
  void anEmptyListOfToolsMeansNone() throws IOException {
    for (String tools : List.of("[]", "null", "\"\"", "\"[]\"", "\"null\"")) {
      Example.Chat chat = (Example.Chat) read("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"tools\": " + tools
          + "}\n").row(0);
      assertEquals(null, chat.tools(), tools);
    }
  }

  @Test
  void messagesThatSayNothingAndWeightsAreNamed() {
    DataException e = assertThrows(DataException.class, () -> read("{\"messages\": [{\"role\": \"user\", \"txt\": \"x\"}]}\n"));
    assertTrue(e.getMessage().contains("line 1: message 1 (user) has no 'content', only [role, txt]"), e.getMessage());
    e = assertThrows(DataException.class,
        () -> read("{\"messages\": [{\"role\": \"assistant\", \"content\": \"x\", \"weight\": 0.5}]}\n"));
    assertTrue(e.getMessage().contains("line 1: message 1 has the weight 0.5"), e.getMessage());
    e = assertThrows(DataException.class,
        () -> read("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"Messages\": 1}\n"));
    assertTrue(e.getMessage().contains("two columns are called 'messages', number 1 and 2"), e.getMessage());
  }

  @Test
  void emptyAnswersOfPreferencesAreNamed() throws IOException {
    String prompt = "{\"prompt\": [{\"role\": \"user\", \"content\": \"x\"}], "
        + "\"chosen\": [{\"role\": \"assistant\", \"content\": \"";
    Path file = Files.writeString(directory.resolve("pairs.jsonl"),
        prompt + "a\"}], \"rejected\": [{\"role\": \"assistant\", \"content\": \" \"}]}\n");
    DataException e = assertThrows(DataException.class, () -> Dataset.judged(file, DataOptions.DETECT));
    assertTrue(e.getMessage().endsWith("line 1: rejected (column 'rejected') ends with an empty answer"), e.getMessage());
  }

  @Test
  void plainTextsAndTables() throws IOException {
    assertEquals(new Example.Text("a b"), read("{\"text\": \"a b\", \"label\": 3}\n").row(0));
    assertEquals(new Example.Completion("1+1", "2"), read("rows.csv", "prompt,completion\n1+1,2\n", "").row(0));
    Dataset<Example.Language> book = read("book.txt", "Call me\tIshmael.\n\nSome years ago", "");
    assertEquals(new Example.Document("Call me\tIshmael.\n\nSome years ago"), book.row(0));
    assertEquals("book.txt: a text of 32 characters", book.description());
  }

  @Test
  void columnsAreOverruled() throws IOException {
    String row = "{\"question\": \"q\", \"answer\": \"a\", \"text\": \"t\"}\n";
    assertEquals(new Example.Completion("q", "a"), read("r.jsonl", row, "prompt=question,completion=answer").row(0));
    assertEquals(new Example.Text("q"), read("r.jsonl", row, "text=question").row(0));
    assertEquals(new Example.Text("t"), read("r.jsonl", row, "").row(0));
    DataException e = assertThrows(DataException.class, () -> read("r.jsonl", row, "prompt=question,completion=reply"));
    assertTrue(e.getMessage().contains("no column 'reply' (for completion); columns found: question, answer, text"),
        e.getMessage());
  }

  @Test
  void unknownKeysAreNamedWithWhatIsExpected() {
    DataException e = assertThrows(DataException.class, () -> read("{\"question\": \"q\", \"answer\": \"a\"}\n"));
    assertTrue(e.getMessage().endsWith("rows.jsonl: columns found: question, answer; rows for a language model have messages | "
        + "conversations | prompt, completion | instruction, output (and input) | text; say which column is which: "
        + "prompt=NAME,completion=NAME"),
        e.getMessage());
  }

  @Test
  void faultsOfARowAreNamedWithTheirLine() {
    String good = "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n";
    DataException e = assertThrows(DataException.class, () -> read(good + "{\"messages\": [{\"speaker\": \"user\"}]}\n"));
    assertTrue(e.getMessage().contains("line 2: message 1 has no 'role', only [speaker]"), e.getMessage());
    e = assertThrows(DataException.class, () -> read(good + "{\"messages\": [\"x\"]}\n"));
    assertTrue(e.getMessage().contains("line 2: messages must be a list of objects with at least one, is [\"x\"]"),
        e.getMessage());
    e = assertThrows(DataException.class, () -> read("{\"prompt\": [1], \"completion\": \"a\"}\n"));
    assertTrue(e.getMessage().contains("column 'prompt' holds a list or an object"), e.getMessage());
  }

  @Test
  void rowsWithNothingToLearnAreSkippedAndCounted() throws IOException {
    String row = "{\"prompt\": \"\", \"completion\": \"b\"}\n";
    Dataset<Example.Language> data = read(row.repeat(30) + "{\"prompt\": \"a\", \"completion\": \" \"}\n");
    assertEquals(30, data.size());
    assertEquals(1, data.skipped());
  }

  @Test
  void copiesOfARowAreHeldOutTogether() throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append("{\"prompt\": \"p").append(i / 2).append("\", \"completion\": \"c\"}\n");
    }
    Dataset<Example.Language> data = read(rows.toString());
    Split split = Split.random(data, 0.2, 1);
    assertEquals(8, split.heldOut().length);
    for (int i = 0; i < split.heldOut().length; i += 2) {
      assertEquals(data.row(split.heldOut()[i]), data.row(split.heldOut()[i + 1]));
    }
  }

  @Test
  void aDocumentIsCutAtItsCharacters() {
    Example.Document book = new Example.Document("abcdefgh\uD83D\uDE00");
    assertEquals(List.of(new Example.Document("abcdefgh\uD83D\uDE00".substring(0, 5)),
        new Example.Document("fgh\uD83D\uDE00")), book.cut(0.5));
    assertEquals("abcdefgh\uD83D\uDE00", book.cut(0.2).getFirst().text() + book.cut(0.2).getLast().text());
    assertThrows(IllegalArgumentException.class, () -> new Example.Document("abcdefgh\uD83D\uDE00").cut(0.1));
    assertThrows(IllegalArgumentException.class, () -> book.cut(1));
  }
}
