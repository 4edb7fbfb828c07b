package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Calls of tools are found in the forms that models write, and nothing else is taken for one. */
class ToolCallsTest {
  private static final ToolCalls.Call WEATHER = new ToolCalls.Call("weather", "{\"city\":\"Bern\"}");

  @Test
  void tagsListsAndBareObjectsAreCalls() {
    String json = "{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}";
    assertEquals(new ToolCalls("I look.", List.of(WEATHER, WEATHER)),
        ToolCalls.in("I look.\n<tool_call>\n" + json + "\n</tool_call>\n<tool_call>" + json + "</tool_call>"));
    assertEquals(new ToolCalls("", List.of(WEATHER)), ToolCalls.in("[TOOL_CALLS][" + json + "]"));
    assertEquals(new ToolCalls("", List.of(WEATHER)), ToolCalls.in("<|python_tag|>" + json.replace("arguments", "parameters")));
  }

  @Test
  void whatDoesNotParseStaysText() {
    for (String text : List.of("Sunny.", "{\"city\": 1}", "<tool_call>{</tool_call>", "[TOOL_CALLS] none",
        "{\"name\": \"x\"} and more")) {
      assertEquals(new ToolCalls(text, List.of()), ToolCalls.in(text));
    }
  }
}
