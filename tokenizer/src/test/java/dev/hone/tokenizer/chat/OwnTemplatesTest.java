package dev.hone.tokenizer.chat;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Templates of our own, in the manner of published ones, against what transformers renders of them. */
@Tag("chat-templates")
class OwnTemplatesTest {
  @TestFactory
  Stream<DynamicNode> everyCaseRendersAsTransformersDoes() throws URISyntaxException {
    return ChatTemplateVectors.containers(root());
  }

  static Path root() throws URISyntaxException {
    return Path.of(OwnTemplatesTest.class.getResource("/chat-templates").toURI());
  }
}
