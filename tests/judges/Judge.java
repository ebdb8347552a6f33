import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.camunda.dmn.DmnEngine;
import org.camunda.dmn.parser.ParsedDmn;
import org.camunda.feel.FeelEngine;
import scala.jdk.javaapi.CollectionConverters;
import scala.util.Either;

/**
 * Answers questions, one JSON document a line: an expression with its variables, or a decision of a file with its
 * variables. An answer has the value, or why there is none.
 */
public final class Judge {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final FeelEngine expressions = new FeelEngine.Builder().build();
  private final DmnEngine decisions = new DmnEngine.Builder().lazyEvaluation(true).build();
  private final Map<String, Either<?, ?>> files = new HashMap<>();

  public static void main(String[] arguments) throws Exception {
    Judge judge = new Judge();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(JSON.writeValueAsString(judge.answer(JSON.readTree(line))));
    }
  }

  private ObjectNode answer(JsonNode question) {
    ObjectNode answer = NODES.objectNode();
    try {
      @SuppressWarnings("unchecked")
      Map<String, Object> variables = JSON.convertValue(question.get("variables"), Map.class);
      if (question.has("expression")) {
        Either<?, ?> found = expressions.evalExpression(question.get("expression").asText(), variables);
        return found.isRight() ? answer.set("value", node(found.toOption().get())) : failed(answer, found);
      }
      Either<?, ?> file = parsed(question.get("file").asText());
      if (file.isLeft()) {
        return failed(answer, file);
      }
      Either<?, ?> found =
          decisions.eval((ParsedDmn) file.toOption().get(), question.get("decision").asText(), variables);
      if (found.isLeft()) {
        return failed(answer, found);
      }
      return answer.set("value", node(((DmnEngine.EvalResult) found.toOption().get()).value()));
    } catch (Throwable broken) {
      return answer.put("failure", broken.toString());
    }
  }

  private Either<?, ?> parsed(String file) throws Exception {
    Either<?, ?> known = files.get(file);
    if (known == null) {
      try (FileInputStream stream = new FileInputStream(file)) {
        known = decisions.parse(stream);
      }
      files.put(file, known);
    }
    return known;
  }

  private static ObjectNode failed(ObjectNode answer, Either<?, ?> why) {
    return answer.put("failure", String.valueOf(why.left().toOption().get()));
  }

  private static JsonNode node(Object value) {
    if (value == null || value == scala.None$.MODULE$) {
      return NODES.nullNode();
    }
    if (value instanceof scala.Some) {
      return node(((scala.Some<?>) value).value());
    }
    if (value instanceof String) {
      return NODES.textNode((String) value);
    }
    if (value instanceof Boolean) {
      return NODES.booleanNode((Boolean) value);
    }
    if (value instanceof scala.math.BigDecimal) {
      return NODES.numberNode(((scala.math.BigDecimal) value).bigDecimal());
    }
    if (value instanceof Number) {
      return NODES.numberNode(new BigDecimal(value.toString()));
    }
    if (value instanceof scala.collection.Map) {
      value = CollectionConverters.asJava((scala.collection.Map<?, ?>) value);
    } else if (value instanceof scala.collection.Iterable) {
      value = CollectionConverters.asJava((scala.collection.Iterable<?>) value);
    }
    if (value instanceof Map) {
      ObjectNode members = NODES.objectNode();
      ((Map<?, ?>) value).forEach((key, member) -> members.set(String.valueOf(key), node(member)));
      return members;
    }
    if (value instanceof Iterable) {
      ArrayNode items = NODES.arrayNode();
      ((Iterable<?>) value).forEach(item -> items.add(node(item)));
      return items;
    }
    return NODES.textNode("<" + value.getClass().getSimpleName() + "> " + value);
  }
}
