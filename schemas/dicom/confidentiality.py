"""What may stay in an image object that is stored: an allow-list, stricter than the Basic Profile of PS3.15 E.

`KEPT` are attributes that models and pages need and that name nobody. `IDENTIFYING` lists attributes of Table E.1-1
that image objects carry: none of them may survive, which a test holds; the list documents the profile, and the
allow-list does the work, so an attribute that nobody thought of is removed too. UIDs stay (Retain UIDs Option,
E.3.9), because reports must name the study they belong to; the instance is told by them in the hospital's PACS only.
"""

from typing import Final

KEPT: Final[frozenset[str]] = frozenset(
    """
    SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID Modality BodyPartExamined
    ViewPosition Laterality ImageLaterality PatientOrientation ImageType PresentationIntentType
    PixelIntensityRelationship PixelIntensityRelationshipSign SamplesPerPixel PhotometricInterpretation
    PlanarConfiguration NumberOfFrames Rows Columns PixelSpacing ImagerPixelSpacing PixelAspectRatio BitsAllocated
    BitsStored HighBit PixelRepresentation SmallestImagePixelValue LargestImagePixelValue PixelPaddingValue
    PixelPaddingRangeLimit BurnedInAnnotation RecognizableVisualFeatures WindowCenter WindowWidth VOILUTFunction
    RescaleIntercept RescaleSlope RescaleType ModalityLUTSequence ModalityLUTType VOILUTSequence LUTDescriptor
    LUTData PresentationLUTShape RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor
    BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData GreenPaletteColorLookupTableData
    BluePaletteColorLookupTableData LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod
    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelValueTransformationSequence
    FrameVOILUTSequence PlanePositionSequence PlaneOrientationSequence PixelMeasuresSequence
    ImagePositionPatient ImageOrientationPatient SliceThickness SpacingBetweenSlices InstanceNumber ExtendedOffsetTable
    ExtendedOffsetTableLengths EchoTime PixelData FloatPixelData DoubleFloatPixelData
    """.split()  # noqa: SIM905 - a table of words reads better than a list of strings
)

IDENTIFYING: Final[frozenset[str]] = frozenset(
    """
    AccessionNumber AcquisitionComments AcquisitionContextSequence AcquisitionDate AcquisitionDateTime
    AcquisitionDeviceProcessingDescription AcquisitionProtocolDescription AcquisitionTime
    ActualHumanPerformersSequence AdditionalPatientHistory AdmissionID AdmittingDate AdmittingDiagnosesCodeSequence
    AdmittingDiagnosesDescription AdmittingTime Allergies AuthorObserverSequence CassetteID
    CommentsOnThePerformedProcedureStep ConfidentialityConstraintOnPatientDataDescription ConsultingPhysicianName
    ContentCreatorName ContentCreatorIdentificationCodeSequence ContentDate ContentSequence ContentTime
    ContrastBolusAgent ContributionDescription CountryOfResidence CurrentPatientLocation
    CustodialOrganizationSequence DataSetTrailingPadding DerivationDescription DetectorID DeviceSerialNumber
    DeviceUID DigitalSignaturesSequence DistributionAddress DistributionName EthnicGroup
    FillerOrderNumberImagingServiceRequest GantryID GeneratorID HumanPerformerName HumanPerformerOrganization
    IconImageSequence IdentifyingComments ImageComments ImagingServiceRequestComments InstanceCoercionDateTime
    InstanceCreationDate InstanceCreationTime InstanceCreatorUID InstitutionAddress InstitutionCodeSequence
    InstitutionName InstitutionalDepartmentName InsurancePlanIdentification IssuerOfAdmissionID IssuerOfPatientID
    IssuerOfPatientIDQualifiersSequence LastMenstrualDate MedicalAlerts MedicalRecordLocator MilitaryRank
    NameOfPhysiciansReadingStudy NamesOfIntendedRecipientsOfResults Occupation OperatorIdentificationSequence
    OperatorsName OrderCallbackPhoneNumber OrderEnteredBy OrderEntererLocation OriginalAttributesSequence
    OtherPatientIDs OtherPatientIDsSequence OtherPatientNames PatientAddress PatientAge PatientBirthDate
    PatientBirthName PatientBirthTime PatientComments PatientID PatientInsurancePlanCodeSequence
    PatientMotherBirthName PatientName PatientPrimaryLanguageCodeSequence PatientReligiousPreference PatientSex
    PatientSize PatientState PatientTelephoneNumbers PatientTelecomInformation PatientTransportArrangements
    PatientWeight PerformedLocation PerformedProcedureStepDescription PerformedProcedureStepID
    PerformedProcedureStepStartDate PerformedProcedureStepStartTime PerformedStationAETitle PerformedStationName
    PerformingPhysicianIdentificationSequence PerformingPhysicianName PersonAddress PersonIdentificationCodeSequence
    PersonName PersonTelephoneNumbers PhysiciansOfRecord PhysiciansOfRecordIdentificationSequence
    PhysiciansReadingStudyIdentificationSequence PlateID PlacerOrderNumberImagingServiceRequest PreMedication
    PregnancyStatus ProtocolName ReasonForStudy ReferencedPatientSequence ReferencedPatientPhotoSequence
    ReferencedStudySequence ReferencedPerformedProcedureStepSequence ReferringPhysicianAddress
    ReferringPhysicianIdentificationSequence ReferringPhysicianName ReferringPhysicianTelephoneNumbers
    RegionOfResidence RequestAttributesSequence RequestedContrastAgent RequestedProcedureComments
    RequestedProcedureDescription RequestedProcedureID RequestedProcedureLocation RequestingPhysician
    RequestingService ResponsibleOrganization ResponsiblePerson ReviewerName ScheduledPerformingPhysicianName
    ScheduledProcedureStepDescription ScheduledProcedureStepID ScheduledStationAETitle ScheduledStationName
    SeriesDate SeriesDescription SeriesTime ServiceEpisodeDescription ServiceEpisodeID SmokingStatus
    SourceApplicationEntityTitle SourceImageSequence SpecialNeeds StationName StudyComments StudyDate
    StudyDescription StudyID StudyTime TextComments TextString TimezoneOffsetFromUTC VerifyingObserverName
    VerifyingOrganization VisitComments
    """.split()  # noqa: SIM905 - a table of words reads better than a list of strings
)
