// A real FHIR server for the contract suite: HAPI FHIR's RestfulServer with its in-memory provider, on Jetty.
// HAPI parses, validates, routes and answers; added here are what its JPA server also has and the provider lacks:
// If-Match and If-None-Match on update, and search by patient, of Observations also by date.
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.rest.annotation.ConditionalUrlParam;
import ca.uhn.fhir.rest.annotation.RequiredParam;
import ca.uhn.fhir.rest.annotation.ResourceParam;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.annotation.Update;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.param.DateParam;
import ca.uhn.fhir.rest.param.ReferenceParam;
import ca.uhn.fhir.rest.server.FifoMemoryPagingProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.provider.HashMapResourceProvider;
import java.util.List;
import java.util.function.Function;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.r4.model.Appointment;
import org.hl7.fhir.r4.model.AuditEvent;
import org.hl7.fhir.r4.model.Communication;
import org.hl7.fhir.r4.model.DateTimeType;
import org.hl7.fhir.r4.model.DiagnosticReport;
import org.hl7.fhir.r4.model.Encounter;
import org.hl7.fhir.r4.model.Flag;
import org.hl7.fhir.r4.model.ImagingStudy;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Provenance;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.RiskAssessment;
import org.hl7.fhir.r4.model.ServiceRequest;
import org.hl7.fhir.r4.model.Task;

public class Main {
  static class Held<T extends Resource> extends HashMapResourceProvider<T> {
    Held(FhirContext context, Class<T> type) {
      super(context, type);
    }

    @Override
    @Update
    public synchronized MethodOutcome update(
        @ResourceParam T resource, @ConditionalUrlParam String conditional, RequestDetails details) {
      var versions = myIdToVersionToResourceMap.get(resource.getIdElement().getIdPart());
      boolean there = versions != null && !versions.isEmpty();
      String match = details.getHeader("If-Match");
      if (there && "*".equals(details.getHeader("If-None-Match"))) {
        throw new PreconditionFailedException("it exists");
      }
      if (match != null && !(there && match.equals("W/\"" + versions.lastKey() + "\""))) {
        throw new PreconditionFailedException("another version stands");
      }
      return super.update(resource, conditional, details);
    }
  }

  static class OfPatient<T extends Resource> extends Held<T> {
    private final Function<T, Reference> subject;

    OfPatient(FhirContext context, Class<T> type, Function<T, Reference> subject) {
      super(context, type);
      this.subject = subject;
    }

    @Search
    public synchronized List<T> ofPatient(@RequiredParam(name = "patient") ReferenceParam patient) {
      return getAllResources().stream()
          .filter(it -> patient.getIdPart().equals(subject.apply(it).getReferenceElement().getIdPart()))
          .toList();
    }
  }

  static class Observations extends OfPatient<Observation> {
    Observations(FhirContext context) {
      super(context, Observation.class, Observation::getSubject);
    }

    @Search
    public synchronized List<Observation> at(
        @RequiredParam(name = "patient") ReferenceParam patient, @RequiredParam(name = "date") DateParam date) {
      return ofPatient(patient).stream()
          .filter(it -> it.getEffective() instanceof DateTimeType at && at.getValue().equals(date.getValue()))
          .toList();
    }
  }

  public static void main(String[] arguments) throws Exception {
    FhirContext context = FhirContext.forR4();
    context.setParserErrorHandler(new StrictErrorHandler());
    RestfulServer fhir = new RestfulServer(context);
    fhir.setResourceProviders(
        new Held<>(context, Patient.class), new Held<>(context, Appointment.class),
        new OfPatient<>(context, ServiceRequest.class, ServiceRequest::getSubject),
        new OfPatient<>(context, Encounter.class, Encounter::getSubject), new Observations(context),
        new Held<>(context, Task.class), new Held<>(context, Provenance.class), new Held<>(context, Flag.class),
        new Held<>(context, Communication.class), new Held<>(context, RiskAssessment.class),
        new Held<>(context, DiagnosticReport.class), new Held<>(context, ImagingStudy.class),
        new Held<>(context, AuditEvent.class));
    fhir.setPagingProvider(new FifoMemoryPagingProvider(10).setDefaultPageSize(5).setMaximumPageSize(5));
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler handler = new ServletContextHandler();
    handler.addServlet(new ServletHolder(fhir), "/fhir/*");
    server.setHandler(handler);
    server.start();
    System.out.println("listening on " + connector.getLocalPort());
    System.in.read(); // whoever started us has gone
    System.exit(0);
  }
}
