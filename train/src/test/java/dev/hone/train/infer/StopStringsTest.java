package dev.hone.train.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class StopStringsTest {
  @Test
  void aHeldTextNeverShowsAStopStringOrPartsOfIt() {
    StringBuilder shown = new StringBuilder();
    StopStrings text = new StopStrings(List.of("###", "END"), shown::append);
    for (String piece : List.of("a#", "b##", "c", " E", "N", "X #", "#", "# more", "never")) {
      text.add(piece);
    }
    text.finish();
    assertEquals("a#b##c ENX ", shown.toString());
    StopStrings open = new StopStrings(List.of("###"), shown::append);
    open.add("z##");
    open.finish();
    assertEquals("a#b##c ENX z##", shown.toString());
  }
}
